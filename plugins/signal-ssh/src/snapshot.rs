//! The connections of a snapshot: entries of kind `tcp` in its `probes.json`, beside probes of
//! other kinds.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Result, Target, probes};
use vmkit_ssh::identification::{Verdict, judge};

use crate::outcome::Outcome;

/// The part of it that this signal records.
const PART: &str = "probes/tcp.json";

/// One probe.
#[derive(Deserialize, Serialize)]
struct Probe {
    kind: String,
    ip: IpAddr,
    port: u16,
    outcome: String,
    #[serde(default)]
    rtt_ms: Option<f64>,
    #[serde(default)]
    banner: Option<String>,
    #[serde(default)]
    at: Option<String>,
}

/// What was seen of one address, and how long ago where that is known.
#[derive(Debug, PartialEq)]
struct Seen {
    outcome: Outcome,
    age: Option<Duration>,
}

impl Probe {
    fn into_seen(self, now: SystemTime) -> Option<Seen> {
        let round_trip = self.rtt_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        let outcome = match self.outcome.as_str() {
            "open" => opened(self.banner, round_trip),
            "refused" => Outcome::Refused,
            "timeout" => Outcome::Timeout(None),
            "unreachable" => Outcome::Unreachable("the host had no way to the address".to_owned()),
            _ => return None,
        };
        let at = self.at.and_then(|at| SystemTime::try_from(at.parse::<Timestamp>().ok()?).ok());
        Some(Seen { outcome, age: at.and_then(|at| now.duration_since(at).ok()) })
    }

    fn of(ip: IpAddr, port: u16, outcome: &Outcome, at: Option<&String>) -> Option<Self> {
        // To the microsecond, as the fact itself has it.
        let milliseconds = |duration: &Option<Duration>| {
            duration
                .map(|time| f64::from(u32::try_from(time.as_micros()).unwrap_or(u32::MAX)) / 1e3)
        };
        let (word, rtt_ms, banner) = match outcome {
            Outcome::Ready { banner, round_trip } => {
                ("open", milliseconds(round_trip), Some(banner.clone()))
            }
            Outcome::NoBanner { round_trip, .. } => ("open", milliseconds(round_trip), None),
            Outcome::Refused => ("refused", None, None),
            Outcome::Timeout(_) => ("timeout", None, None),
            Outcome::Unreachable(_) => ("unreachable", None, None),
            // Not seen, so there is nothing to record.
            Outcome::Unread(_) => return None,
        };
        let (kind, outcome) = ("tcp".to_owned(), word.to_owned());
        Some(Self { kind, ip, port, outcome, rtt_ms, banner, at: at.cloned() })
    }
}

fn opened(banner: Option<String>, round_trip: Option<Duration>) -> Outcome {
    let line = banner.unwrap_or_default();
    match judge(format!("{}\n", line.trim_end()).as_bytes()) {
        Verdict::Ssh { line, .. } => Outcome::Ready { banner: line.to_owned(), round_trip },
        _ => Outcome::NoBanner { instead: "sent no SSH banner".to_owned(), round_trip },
    }
}

/// Reports what the snapshot holds of this port at these addresses. One without an entry was not
/// asked.
pub(crate) fn replay(targets: &[Target], port: u16, cx: &Cx<'_>) -> Result<()> {
    let Some(text) = probes::read(cx)? else { return Ok(()) };
    let found = parse(&text, port, cx.now())?;
    let targets = targets.iter().filter_map(|target| Some((target, found.get(&target.address)?)));
    let facts = targets.flat_map(|(target, Seen { outcome, age })| {
        target.machines.iter().map(move |&vm| {
            let fact = outcome.observation(vm, target.address, port);
            match age {
                Some(age) => fact.aged(*age),
                None => fact,
            }
        })
    });
    cx.emit_all(facts.collect())
}

/// What the probes of this port found; the last of an address counts. Entries of other kinds, or
/// of a form that this version does not know, are passed over.
fn parse(text: &[u8], port: u16, now: SystemTime) -> Result<HashMap<IpAddr, Seen>> {
    Ok(probes::parse(text)?
        .into_iter()
        .filter(|probe: &Probe| probe.kind == "tcp" && probe.port == port)
        .filter_map(|probe| Some((probe.ip, probe.into_seen(now)?)))
        .collect())
}

/// Puts the outcomes into the snapshot that is being recorded.
pub(crate) fn record(outcomes: &[(IpAddr, Outcome)], port: u16, cx: &Cx<'_>) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    probes::record(PART, &entries(outcomes, port, cx.now()), cx)
}

fn entries(outcomes: &[(IpAddr, Outcome)], port: u16, now: SystemTime) -> Vec<Probe> {
    let at = Timestamp::try_from(now).ok().map(|at| at.to_string());
    let probe = |(ip, outcome): &(IpAddr, Outcome)| Probe::of(*ip, port, outcome, at.as_ref());
    outcomes.iter().filter_map(probe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_survive_a_snapshot() {
        let round_trip = Some(Duration::from_micros(400));
        let outcomes = [
            Outcome::Ready { banner: "SSH-2.0-x".into(), round_trip },
            Outcome::NoBanner { instead: "sent no SSH banner".into(), round_trip },
            Outcome::Refused,
            Outcome::Timeout(None),
            Outcome::Unreachable("the host had no way to the address".into()),
        ];
        let (then, age) = (SystemTime::UNIX_EPOCH, Duration::from_secs(5));
        for outcome in outcomes {
            let address = IpAddr::from([10, 0, 0, 1]);
            let written = entries(&[(address, outcome.clone())], 22, then);
            let text = serde_json::to_vec(&written).unwrap();
            let seen = parse(&text, 22, then + age).unwrap().remove(&address);
            assert_eq!(seen, Some(Seen { outcome, age: Some(age) }));
            assert!(parse(&text, 2222, then).unwrap().is_empty());
        }
    }

    #[test]
    fn probes_of_other_kinds_and_forms_and_hostile_numbers_are_passed_over() {
        let text =
            br#"[1, {"kind":"arp","ip":"10.0.0.1","outcome":"reply","repliers":["52:54:00:00:00:01"]},
            {"kind":"tcp","ip":"10.0.0.2","port":22,"outcome":"open","rtt_ms":-1e300,"banner":null},
            {"kind":"tcp","ip":"10.0.0.3","port":22,"outcome":"tomorrow"},
            {"kind":"tcp","ip":"10.0.0.4","port":99999,"outcome":"open"}]"#;
        let found = parse(text, 22, SystemTime::UNIX_EPOCH).unwrap();
        let instead = "sent no SSH banner".to_owned();
        let outcome = Outcome::NoBanner { instead, round_trip: None };
        let expected = HashMap::from([([10, 0, 0, 2].into(), Seen { outcome, age: None })]);
        assert_eq!(found, expected);
        assert!(parse(b"{}", 22, SystemTime::UNIX_EPOCH).is_err());
    }
}
