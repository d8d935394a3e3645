//! The ARP probes of a snapshot: entries of kind `arp`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vmkit_plugin::{ArpAnswer, ArpFailure, ArpOutcome, ArpReply, Cx, Mac, Result, Unread, bounded};
use vmkit_probing::{Entry, Failure, Target, last_entries};

use crate::outcome::Answer;

/// The part of the probes that this signal records.
const PART: &str = "probes/arp.json";
/// Most repliers of an entry that are read: as many as this signal records.
const MOST_REPLIERS: usize = 16;
/// Bytes of an interface's name that are read.
const NAME_LIMIT: usize = 64;
/// What a recorded error is called, whose number is beside it.
const FAILED: &str = "ask by ARP";

/// What an entry has beside the outcome.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<String>,
    /// The first that answered.
    mac: Option<String>,
    repliers: Vec<String>,
}

/// Writes the answers into the snapshot that is being recorded.
pub(crate) fn record(answers: &[Answer], cx: &Cx<'_>) -> Result<()> {
    vmkit_probing::record(PART, answers.iter().filter_map(entry).collect(), cx)
}

/// The entry for an answer; `None`: nothing was seen that could be recorded.
fn entry(answer: &Answer) -> Option<Entry<Details>> {
    let failure = answer.failure();
    let answer = &answer.seen;
    let word = match (&answer.outcome, failure) {
        (ArpOutcome::Replies(_), _) => "reply",
        (ArpOutcome::Silent(_), None) => "silent",
        (ArpOutcome::Silent(_), Some(_)) => "unreachable",
        (ArpOutcome::Unread(_), Some(_)) => "failed",
        (ArpOutcome::Unread(_), None) => return None,
    };
    let repliers = answer.replies();
    let first = repliers.first();
    let details = Details {
        interface: answer.interface.clone(),
        mac: first.map(|first| first.mac.to_string()),
        repliers: repliers.iter().map(|replier| replier.mac.to_string()).collect(),
    };
    let round_trip = first.and_then(|first| first.round_trip);
    if let Some(failure) = failure {
        return Some(Entry::failed("arp", answer.address.into(), word, failure, details));
    }
    Some(Entry::new("arp", answer.address.into(), word, round_trip, details))
}

/// What the snapshot holds of the targets. One without an entry was not asked for.
pub(crate) fn replay(targets: &[Target], cx: &Cx<'_>) -> Result<Vec<Answer>> {
    let mut answers = last_entries(cx, answer)?;
    let of_target = |target: &Target| {
        let recorded = answers.remove(&target.address)?;
        Some(Answer { seen: recorded.outcome, age: recorded.age })
    };
    Ok(targets.iter().filter_map(of_target).collect())
}

/// The answer in an entry, as if it had just come.
fn answer(entry: &Entry<Details>) -> Option<ArpAnswer> {
    let IpAddr::V4(address) = entry.ip else { return None };
    let outcome = match (entry.kind.as_str(), entry.outcome.as_str()) {
        ("arp", "reply") => ArpOutcome::Replies(repliers(entry)?),
        ("arp", "silent" | "timeout" | "unreachable") => ArpOutcome::Silent(None),
        ("arp", "failed") => ArpOutcome::Unread(Unread::Failed(FAILED.to_owned())),
        _ => return None,
    };
    let Failure { errno, after, as_root } = entry.failure();
    let has_failed = matches!(entry.outcome.as_str(), "unreachable" | "failed");
    let failure = has_failed.then_some(ArpFailure { errno, after, as_root });
    let name = entry.details.interface.as_deref();
    let interface = name.map(|name| bounded(name, NAME_LIMIT).to_owned());
    Some(ArpAnswer { address, interface, outcome, failure })
}

/// The hosts that answered, the first with its time; `None`: the entry names no host.
fn repliers(entry: &Entry<Details>) -> Option<Vec<ArpReply>> {
    let mut round_trip = entry.round_trip();
    let mut repliers: Vec<ArpReply> = Vec::new();
    let Details { mac, repliers: others, .. } = &entry.details;
    for mac in mac.iter().chain(others).filter_map(|mac| mac.parse::<Mac>().ok()) {
        let is_one_host = !mac.is_zero() && !mac.is_multicast();
        let known = repliers.iter().any(|replier| replier.mac == mac);
        if is_one_host && !known && repliers.len() < MOST_REPLIERS {
            repliers.push(ArpReply { mac, round_trip: round_trip.take() });
        }
    }
    (!repliers.is_empty()).then_some(repliers)
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
    const STRANGER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 9]);
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

    fn replies(macs: &[Mac], first: Option<Duration>) -> ArpOutcome {
        let times = std::iter::once(first).chain(std::iter::repeat(None));
        let replier = |(&mac, round_trip)| ArpReply { mac, round_trip };
        ArpOutcome::Replies(macs.iter().zip(times).map(replier).collect())
    }

    #[test]
    fn answers_survive_a_snapshot() {
        let two = replies(&[WEB, STRANGER], Some(Duration::from_micros(400)));
        let (silent, failed) = (ArpOutcome::Silent(None), Unread::Failed(FAILED.to_owned()));
        let after = Some(Duration::from_micros(300));
        let failure = Some(ArpFailure { errno: Some(65), after, as_root: Some(false) });
        let rows = [
            (two, None),
            (silent.clone(), None),
            (silent, failure),
            (ArpOutcome::Unread(failed), failure),
            (ArpOutcome::Unread(Unread::TimedOut), None),
        ];
        for (outcome, failure) in rows {
            let interface = Some("br0".to_owned());
            let expected = ArpAnswer { address: ADDRESS, interface, outcome, failure };
            let answered = Answer { seen: expected.clone(), age: None };
            let recorded = entry(&answered).map(|entry| {
                let text = serde_json::to_string(&entry).unwrap();
                answer(&serde_json::from_str(&text).unwrap())
            });
            let is_seen = failure.is_some() || !matches!(expected.outcome, ArpOutcome::Unread(_));
            assert_eq!(recorded, is_seen.then_some(Some(expected)));
        }
    }

    #[test]
    fn reads_or_skips_each_entry() {
        let rows: [(&str, Option<ArpOutcome>); 12] = [
            (r#""outcome":"reply","mac":"52:54:0:0:0:1""#, Some(replies(&[WEB], None))),
            (
                r#""outcome":"reply","mac":null,"repliers":["3c:00:00:00:00:09","52:54:00:00:00:01",
                   "3c:0:0:0:0:9"]"#,
                Some(replies(&[STRANGER, WEB], None)),
            ),
            (
                r#""outcome":"reply","repliers":["ff:ff:ff:ff:ff:ff","x","52:54:00:00:00:01"]"#,
                Some(replies(&[WEB], None)),
            ),
            (r#""outcome":"timeout""#, Some(ArpOutcome::Silent(None))),
            (r#""outcome":"silent","rtt_ms":-1e300"#, Some(ArpOutcome::Silent(None))),
            (r#""outcome":"unreachable","errno":"x""#, None),
            (r#""outcome":"reply""#, None),
            (r#""outcome":"reply","repliers":"52:54:00:00:00:01""#, None),
            (r#""outcome":"melted""#, None),
            (r#""outcome":7"#, None),
            (r#""kind":"tcp","outcome":"silent""#, None),
            (r#""ip":"fe80::1","outcome":"silent""#, None),
        ];
        for (fields, expected) in rows {
            let mut entry = serde_json::json!({ "kind": "arp", "ip": "10.0.0.1", "at": "then" });
            let fields: serde_json::Value = serde_json::from_str(&format!("{{{fields}}}")).unwrap();
            entry.as_object_mut().unwrap().append(&mut fields.as_object().unwrap().clone());
            let read = serde_json::from_value(entry).ok().and_then(|entry| answer(&entry));
            assert_eq!(read.map(|answer| answer.outcome), expected, "{fields}");
        }
    }
}
