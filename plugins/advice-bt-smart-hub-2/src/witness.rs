//! What the hub's own list of devices says of the machines: whether their frames reach it.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use jiff::{civil::DateTime, fmt::strtime};
use vmkit_plugin::{Advice, AdviceKind, Mac, MacStatus, Witness, escaped};

use crate::{
    known::Known,
    script::{Array, Row},
};

/// How old a record may be to say something of now. The hub keeps the record of a device for ever;
/// it tells its local time without a zone.
const RECENT: Duration = Duration::from_hours(48);
/// Earlier years are those of a hub whose clock has not been set.
const FIRST_YEAR: i16 = 2015;
/// How sure the hub's word is: it may lag behind by some seconds.
const SURE: f64 = 0.9;

/// One witness for each machine of which the list says something. Nothing follows from a list that
/// was not given, or not to its end: a machine that it lacks may stand in the rest.
pub(crate) fn witness(known: Known<'_>, now: SystemTime) -> Vec<Advice> {
    let Some(list) = known.devices() else { return Vec::new() };
    let by_mac = by_mac(&list);
    let machines = known.all("machine.mac").filter_map(|text| text.parse::<Mac>().ok());
    machines.filter_map(|mac| of_machine(mac, by_mac.get(&mac).copied(), &list, now)).collect()
}

fn by_mac(list: &Array) -> HashMap<Mac, &Row> {
    let mac = |row: &Row| row.get("mac").and_then(|text| text.parse().ok());
    list.rows.iter().filter_map(|row| Some((mac(row)?, row))).collect()
}

fn of_machine(mac: Mac, row: Option<&Row>, list: &Array, now: SystemTime) -> Option<Advice> {
    let (seen, title) = match row {
        // No public capture has this field; a firmware that tells it is taken at its word.
        Some(row) if row.get("blocked") == Some("1") => {
            (MacStatus::Blocked, "the hub lists the VM as blocked".to_owned())
        }
        Some(row) if is_recent(row, now) => (MacStatus::Listed, entry(row)),
        // This computer at least is a device of the hub: an empty list is no list.
        None if list.complete && !list.rows.is_empty() => {
            (MacStatus::NotListed, "the hub's device list lacks the VM".to_owned())
        }
        // That it was here once says nothing of now.
        Some(_) | None => return None,
    };
    Some(Advice {
        kind: AdviceKind::Witness(Witness { mac, seen }),
        id: seen.code().to_owned(),
        because: vec![title.clone()],
        title,
        confidence: SURE,
        steps: Vec::new(),
    })
}

fn entry(row: &Row) -> String {
    let at = row.get("ip").map(|ip| format!(" at {}", escaped(ip))).unwrap_or_default();
    let when = row.get("time_last_active").map(|time| format!(", last active {}", escaped(time)));
    format!("the hub's device list has the VM{at}{}", when.unwrap_or_default())
}

/// Whether the record says something of now: it is active, or was lately, or does not tell when.
fn is_recent(row: &Row, now: SystemTime) -> bool {
    if row.get("activity") == Some("1") {
        return true;
    }
    let Some(time) = row.get("time_last_active").and_then(local_time) else { return true };
    now.duration_since(time).map_or(true, |age| age <= RECENT)
}

/// `2026/11/24 06:00:00`, taken for UTC. `None`: no time that a set clock would show.
fn local_time(text: &str) -> Option<SystemTime> {
    let time = strtime::parse("%Y/%m/%d %H:%M:%S", text).ok()?.to_datetime().ok()?;
    let since_epoch = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    (time.year() >= FIRST_YEAR).then(|| SystemTime::UNIX_EPOCH + since_epoch.unsigned_abs())
}
