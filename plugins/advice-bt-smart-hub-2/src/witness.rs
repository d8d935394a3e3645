//! What the hub's device list says about the machines: whether their frames reach it.

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

/// A record may be this old to count. The hub keeps records for ever, with its local time without a
/// zone.
const RECENT: Duration = Duration::from_hours(48);
/// Earlier years mean that the hub's clock is not set.
const FIRST_YEAR: i16 = 2015;
/// Confidence in the hub's list, which may lag some seconds behind.
const SURE: f64 = 0.9;

/// One report for each machine that the list says something about. A list that was not read to its
/// end cannot prove that it lacks a machine.
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
        // No public capture has this field; it is believed where a firmware has it.
        Some(row) if row.get("blocked") == Some("1") => {
            (MacStatus::Blocked, "the hub lists the VM as blocked".to_owned())
        }
        Some(row) if is_recent(row, now) => (MacStatus::Listed, entry(row)),
        // This computer at least is a device of the hub, so an empty list is not a valid one.
        None if list.complete && !list.rows.is_empty() => {
            (MacStatus::NotListed, "the hub's device list lacks the VM".to_owned())
        }
        // An old record says nothing about now.
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

/// Whether the record is current: active now or recently, or without a time.
fn is_recent(row: &Row, now: SystemTime) -> bool {
    if row.get("activity") == Some("1") {
        return true;
    }
    let Some(time) = row.get("time_last_active").and_then(local_time) else { return true };
    now.duration_since(time).map_or(true, |age| age <= RECENT)
}

/// A time such as `2026/11/24 06:00:00`, read as UTC. `None`: the clock is not set.
fn local_time(text: &str) -> Option<SystemTime> {
    let time = strtime::parse("%Y/%m/%d %H:%M:%S", text).ok()?.to_datetime().ok()?;
    let since_epoch = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    (time.year() >= FIRST_YEAR).then(|| SystemTime::UNIX_EPOCH + since_epoch.unsigned_abs())
}
