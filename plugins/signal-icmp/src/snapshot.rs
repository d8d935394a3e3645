//! The echoes of a snapshot: entries of kind `icmp`.

use std::net::IpAddr;

use vmkit_plugin::{Cx, Result};
use vmkit_probing::{Entry, NoDetails, Target};

use crate::outcome::Outcome;

/// The part of the probes that this signal records.
const PART: &str = "probes/icmp.json";

/// Reports what the snapshot holds of the targets.
pub(crate) fn replay(targets: &[Target], cx: &Cx<'_>) -> Result<()> {
    vmkit_probing::replay(targets, cx, outcome, |vm, outcome: &Outcome| outcome.observation(vm))
}

fn outcome(entry: &Entry<NoDetails>) -> Option<Outcome> {
    Some(match (entry.kind.as_str(), entry.outcome.as_str()) {
        ("icmp", "reply") => Outcome::Reply(entry.round_trip()),
        ("icmp", "silent" | "timeout") => Outcome::Silent(None),
        ("icmp", "unreachable") => Outcome::Unreachable,
        _ => return None,
    })
}

/// Writes the outcomes into the snapshot that is being recorded.
pub(crate) fn record(outcomes: &[(IpAddr, Outcome)], cx: &Cx<'_>) -> Result<()> {
    let entries = outcomes.iter().map(|(ip, outcome)| entry(*ip, outcome));
    vmkit_probing::record(PART, entries.collect(), cx)
}

fn entry(ip: IpAddr, outcome: &Outcome) -> Entry<NoDetails> {
    let (word, round_trip) = match outcome {
        Outcome::Reply(round_trip) => ("reply", *round_trip),
        Outcome::Silent(_) => ("silent", None),
        Outcome::Unreachable => ("unreachable", None),
    };
    Entry::new("icmp", ip, word, round_trip, NoDetails {})
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn outcomes_survive_a_snapshot() {
        let reply = Outcome::Reply(Some(Duration::from_micros(400)));
        for expected in [reply, Outcome::Silent(None), Outcome::Unreachable] {
            let entry = entry([10, 0, 0, 1].into(), &expected);
            assert_eq!(outcome(&entry), Some(expected));
        }
    }

    #[test]
    fn skips_entries_of_other_kinds_and_forms() {
        let rows = [
            ("tcp", "reply", None),
            ("icmp", "melted", None),
            ("icmp", "timeout", Some(Outcome::Silent(None))),
        ];
        for (kind, word, expected) in rows {
            let entry = Entry::new(kind, [10, 0, 0, 1].into(), word, None, NoDetails {});
            assert_eq!(outcome(&entry), expected, "{kind} {word}");
        }
    }
}
