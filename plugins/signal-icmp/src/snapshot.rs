//! The echoes of a snapshot: entries of kind `icmp`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Result};
use vmkit_probing::{Entry, Target};

use crate::outcome::{Outcome, Reply};

/// The part of the probes that this signal records.
const PART: &str = "probes/icmp.json";

/// What an entry of this kind has beside the outcome.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Details {
    /// Whether large echoes were answered as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    large: Option<bool>,
}

/// Reports what the snapshot holds of the targets.
pub(crate) fn replay(targets: &[Target], cx: &Cx<'_>) -> Result<()> {
    vmkit_probing::replay(targets, cx, outcome, |vm, outcome: &Outcome| outcome.observation(vm))
}

fn outcome(entry: &Entry<Details>) -> Option<Outcome> {
    Some(match (entry.kind.as_str(), entry.outcome.as_str()) {
        ("icmp", "reply") => {
            Outcome::Reply(Reply { round_trip: entry.round_trip(), large: entry.details.large })
        }
        ("icmp", "silent" | "timeout") => Outcome::Silent(None),
        ("icmp", "unreachable") => Outcome::Unreachable(entry.failure()),
        _ => return None,
    })
}

/// Writes the outcomes into the snapshot that is being recorded.
pub(crate) fn record(outcomes: &[(IpAddr, Outcome)], cx: &Cx<'_>) -> Result<()> {
    let entries = outcomes.iter().map(|(ip, outcome)| entry(*ip, outcome));
    vmkit_probing::record(PART, entries.collect(), cx)
}

fn entry(ip: IpAddr, outcome: &Outcome) -> Entry<Details> {
    let (word, reply) = match outcome {
        Outcome::Reply(reply) => ("reply", *reply),
        Outcome::Silent(_) => ("silent", Reply::default()),
        Outcome::Unreachable(failure) => {
            return Entry::failed("icmp", ip, "unreachable", *failure, Details::default());
        }
    };
    Entry::new("icmp", ip, word, reply.round_trip, Details { large: reply.large })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vmkit_probing::Failure;

    use super::*;

    #[test]
    fn outcomes_survive_a_snapshot() {
        let reply =
            |large| Outcome::Reply(Reply { round_trip: Some(Duration::from_micros(400)), large });
        let after = Some(Duration::from_micros(300));
        let failure = Failure { errno: Some(65), after, as_root: Some(false) };
        for expected in [
            reply(None),
            reply(Some(true)),
            reply(Some(false)),
            Outcome::Silent(None),
            Outcome::Unreachable(failure),
        ] {
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
            let entry = Entry::new(kind, [10, 0, 0, 1].into(), word, None, Details::default());
            assert_eq!(outcome(&entry), expected, "{kind} {word}");
        }
    }
}
