//! The connections of a snapshot: entries of kind `tcp`.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Result};
use vmkit_probing::{Entry, Target};
use vmkit_ssh::identification::{Verdict, judge};

use crate::outcome::Outcome;

/// The part of the probes that this signal records.
const PART: &str = "probes/tcp.json";

/// What an entry has beside the outcome.
#[derive(Debug, Deserialize, Serialize)]
struct Details {
    port: u16,
    #[serde(default)]
    banner: Option<String>,
}

/// Reports what the snapshot holds of this port at the targets.
pub(crate) fn replay(targets: &[Target], port: u16, cx: &Cx<'_>) -> Result<()> {
    vmkit_probing::replay(
        targets,
        cx,
        |entry| outcome(entry, port),
        |vm, outcome: &Outcome| outcome.observation(vm, port),
    )
}

fn outcome(entry: &Entry<Details>, port: u16) -> Option<Outcome> {
    if entry.kind != "tcp" || entry.details.port != port {
        return None;
    }
    Some(match entry.outcome.as_str() {
        "open" => opened(entry.details.banner.as_deref(), entry.round_trip()),
        "refused" => Outcome::Refused,
        "timeout" => Outcome::Timeout(None),
        "unreachable" => Outcome::Unreachable {
            why: "the host could not reach the address".to_owned(),
            failure: entry.failure(),
        },
        _ => return None,
    })
}

fn opened(banner: Option<&str>, round_trip: Option<Duration>) -> Outcome {
    let line = banner.unwrap_or_default();
    match judge(format!("{}\n", line.trim_end()).as_bytes()) {
        Verdict::Ssh { line, .. } => Outcome::Ready { banner: line.to_owned(), round_trip },
        _ => Outcome::NoBanner { instead: "sent no SSH banner".to_owned(), round_trip },
    }
}

/// Writes the outcomes into the snapshot that is being recorded.
pub(crate) fn record(outcomes: &[(IpAddr, Outcome)], port: u16, cx: &Cx<'_>) -> Result<()> {
    let entries = outcomes.iter().map(|(ip, outcome)| entry(*ip, outcome, port));
    vmkit_probing::record(PART, entries.collect(), cx)
}

fn entry(ip: IpAddr, outcome: &Outcome, port: u16) -> Entry<Details> {
    let details = |banner| Details { port, banner };
    let (word, round_trip, banner) = match outcome {
        Outcome::Ready { banner, round_trip } => ("open", *round_trip, Some(banner.clone())),
        Outcome::NoBanner { round_trip, .. } => ("open", *round_trip, None),
        Outcome::Refused => ("refused", None, None),
        Outcome::Timeout(_) => ("timeout", None, None),
        Outcome::Unreachable { failure, .. } => {
            return Entry::failed("tcp", ip, "unreachable", *failure, details(None));
        }
    };
    Entry::new("tcp", ip, word, round_trip, details(banner))
}

#[cfg(test)]
mod tests {
    use vmkit_probing::Failure;

    use super::*;

    #[test]
    fn outcomes_survive_a_snapshot() {
        let round_trip = Some(Duration::from_micros(400));
        let outcomes = [
            Outcome::Ready { banner: "SSH-2.0-x".into(), round_trip },
            Outcome::NoBanner { instead: "sent no SSH banner".into(), round_trip },
            Outcome::Refused,
            Outcome::Timeout(None),
            Outcome::Unreachable {
                why: "the host could not reach the address".into(),
                failure: Failure { errno: Some(65), after: round_trip, as_root: Some(false) },
            },
        ];
        for expected in outcomes {
            let text = serde_json::to_string(&entry([10, 0, 0, 1].into(), &expected, 22)).unwrap();
            let entry = serde_json::from_str(&text).unwrap();
            assert_eq!(outcome(&entry, 22), Some(expected), "{text}");
            assert_eq!(outcome(&entry, 2222), None, "{text}");
        }
    }

    #[test]
    fn skips_entries_of_other_kinds_and_forms() {
        let no_banner =
            Outcome::NoBanner { instead: "sent no SSH banner".to_owned(), round_trip: None };
        let rows = [
            (r#""kind":"arp","outcome":"reply","port":22"#, None),
            (r#""kind":"tcp","outcome":"open","port":22,"banner":null"#, Some(no_banner)),
            (r#""kind":"tcp","outcome":"tomorrow","port":22"#, None),
            (r#""kind":"tcp","outcome":"open","port":99999"#, None),
            (r#""kind":"tcp","outcome":"open""#, None),
        ];
        for (fields, expected) in rows {
            let entry = serde_json::from_str(&format!(r#"{{"ip":"10.0.0.2",{fields}}}"#));
            assert_eq!(entry.ok().and_then(|entry| outcome(&entry, 22)), expected, "{fields}");
        }
    }
}
