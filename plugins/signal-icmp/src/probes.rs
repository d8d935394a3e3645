//! The echoes of a snapshot: entries of kind `icmp` in its `probes.json`.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Observation, Result, Target, probes};

use crate::outcome::Outcome;

/// The part of it that this signal records.
const PART: &str = "probes/icmp.json";

/// One probe, as a snapshot holds it.
#[derive(Debug, Deserialize, Serialize)]
struct Entry {
    kind: String,
    ip: IpAddr,
    outcome: String,
    #[serde(default)]
    rtt_ms: Option<f64>,
    #[serde(default)]
    at: Option<String>,
}

/// Writes what was seen, where the run is recorded.
pub(crate) fn record(answered: &[(IpAddr, Outcome)], cx: &Cx<'_>) -> Result<()> {
    if answered.is_empty() {
        return Ok(());
    }
    probes::record(PART, &entries(answered, cx.now()), cx)
}

fn entries(answered: &[(IpAddr, Outcome)], now: SystemTime) -> Vec<Entry> {
    let at = Timestamp::try_from(now).ok().map(|at| at.to_string());
    let entry = |(ip, outcome): &(IpAddr, Outcome)| {
        let (outcome, round_trip) = match outcome {
            Outcome::Reply(round_trip) => ("reply", *round_trip),
            Outcome::Silent(_) => ("silent", None),
            Outcome::Unreachable => ("unreachable", None),
            // Not seen, so there is nothing to record.
            Outcome::Unread(_) => return None,
        };
        Some(Entry {
            kind: "icmp".to_owned(),
            ip: *ip,
            outcome: outcome.to_owned(),
            rtt_ms: round_trip.map(milliseconds),
            at: at.clone(),
        })
    };
    answered.iter().filter_map(entry).collect()
}

/// To the microsecond, as the fact itself has it.
fn milliseconds(time: Duration) -> f64 {
    f64::from(u32::try_from(time.as_micros()).unwrap_or(u32::MAX)) / 1e3
}

/// Reports what the snapshot holds of these addresses. One without an entry was not asked.
pub(crate) fn replay(targets: &[Target], cx: &Cx<'_>) -> Result<()> {
    let Some(text) = probes::read(cx)? else { return Ok(()) };
    let seen = parse(&text, cx.now())?;
    let facts = targets.iter().filter_map(|target| Some((target, seen.get(&target.address)?)));
    let facts = facts.flat_map(|(target, (outcome, age))| {
        target.machines.iter().map(move |&vm| aged(outcome.observation(vm, target.address), *age))
    });
    cx.emit_all(facts.collect())
}

fn aged(seen: Observation, age: Option<Duration>) -> Observation {
    match age {
        Some(age) => seen.aged(age),
        None => seen,
    }
}

/// The outcome and age of each address's last echo. Entries of other kinds, or of a form that this
/// version does not know, are passed over.
fn parse(text: &[u8], now: SystemTime) -> Result<HashMap<IpAddr, (Outcome, Option<Duration>)>> {
    let known = probes::parse(text)?.into_iter().filter_map(|entry: Entry| {
        let round_trip = entry.rtt_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok());
        let outcome = match (entry.kind.as_str(), entry.outcome.as_str()) {
            ("icmp", "reply") => Outcome::Reply(round_trip),
            ("icmp", "silent" | "timeout") => Outcome::Silent(None),
            ("icmp", "unreachable") => Outcome::Unreachable,
            _ => return None,
        };
        let at = entry.at.and_then(|at| SystemTime::try_from(at.parse::<Timestamp>().ok()?).ok());
        let age = at.and_then(|at| now.duration_since(at).ok());
        Some((entry.ip, (outcome, age)))
    });
    Ok(known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_read_again() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(498_750);
        let at = |last| IpAddr::from([10, 0, 0, last]);
        let reply = Outcome::Reply(Some(Duration::from_micros(400)));
        let silent = Outcome::Silent(Some(Duration::from_millis(300)));
        let unread = Outcome::Unread(vmkit_plugin::Unread::TimedOut);
        let answered = [
            (at(1), reply.clone()),
            (at(2), silent),
            (at(3), Outcome::Unreachable),
            (at(4), unread),
        ];
        let text = serde_json::to_string(&entries(&answered, now)).unwrap();
        let later = now + Duration::from_secs(5);
        let age = Some(Duration::from_secs(5));
        let expected = HashMap::from([
            (at(1), (reply, age)),
            (at(2), (Outcome::Silent(None), age)),
            (at(3), (Outcome::Unreachable, age)),
        ]);
        assert_eq!(parse(text.as_bytes(), later).unwrap(), expected, "{text}");
    }

    #[test]
    fn entries_that_are_not_understood_are_passed_over() {
        let text = br#"[1, {"kind":"tcp","ip":"10.0.0.1","port":22,"outcome":"open"},
            {"kind":"icmp","ip":"10.0.0.300","outcome":"reply"},
            {"kind":"icmp","ip":"10.0.0.2","outcome":"melted"},
            {"kind":"icmp","ip":"10.0.0.3","outcome":"reply","rtt_ms":-1e300,"at":"then"}]"#;
        let seen = parse(text, SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(seen, HashMap::from([([10, 0, 0, 3].into(), (Outcome::Reply(None), None))]));
        let error = parse(b"{", SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(error.message.starts_with("probes.json: "), "{error}");
    }
}
