//! The ARP probes of a snapshot: entries of kind `arp` in its `probes.json`.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Mac, Result, Target, bounded, probes};

use crate::outcome::{Answer, Outcome, Replier};

/// The part of it that this signal records.
const PART: &str = "probes/arp.json";
/// Repliers of an entry that are read: what this signal records at most.
const MOST_REPLIERS: usize = 16;
/// Bytes of an interface's name that are read.
const NAME_LIMIT: usize = 64;

/// One probe, as a snapshot holds it.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Entry {
    kind: String,
    ip: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<String>,
    outcome: String,
    rtt_ms: Option<f64>,
    /// The first that answered.
    mac: Option<String>,
    repliers: Vec<String>,
    at: Option<String>,
}

/// Writes what was seen, where the run is recorded.
pub(crate) fn record(answers: &[Answer], cx: &Cx<'_>) -> Result<()> {
    let entries = entries(answers, cx.now());
    if entries.is_empty() {
        return Ok(());
    }
    probes::record(PART, &entries, cx)
}

fn entries(answers: &[Answer], now: SystemTime) -> Vec<Entry> {
    let at = Timestamp::try_from(now).ok().map(|at| at.to_string());
    let entry = |answer: &Answer| {
        let outcome = match answer.outcome {
            Outcome::Replies(_) => "reply",
            Outcome::Silent(_) => "silent",
            // Not seen, so there is nothing to record.
            Outcome::Unread(_) => return None,
        };
        let repliers = answer.repliers();
        let first = repliers.first();
        Some(Entry {
            kind: "arp".to_owned(),
            ip: Some(answer.address),
            interface: answer.interface.clone(),
            outcome: outcome.to_owned(),
            rtt_ms: first.and_then(|first| first.round_trip).map(milliseconds),
            mac: first.map(|first| first.mac.to_string()),
            repliers: repliers.iter().map(|replier| replier.mac.to_string()).collect(),
            at: at.clone(),
        })
    };
    answers.iter().filter_map(entry).collect()
}

/// To the microsecond, as the fact itself has it.
fn milliseconds(time: Duration) -> f64 {
    f64::from(u32::try_from(time.as_micros()).unwrap_or(u32::MAX)) / 1e3
}

/// What the snapshot holds of these addresses. One without an entry was not asked for.
pub(crate) fn replay(targets: &[Target], cx: &Cx<'_>) -> Result<Vec<Answer>> {
    let Some(text) = probes::read(cx)? else { return Ok(Vec::new()) };
    let mut seen = parse(&text, cx.now())?;
    let of_target = |target: &Target| match target.address {
        IpAddr::V4(address) => seen.remove(&address),
        IpAddr::V6(_) => None,
    };
    Ok(targets.iter().filter_map(of_target).collect())
}

/// Each address's last answer. Entries of other kinds, or of a form that this version does not know,
/// are passed over.
fn parse(text: &[u8], now: SystemTime) -> Result<HashMap<Ipv4Addr, Answer>> {
    let answers = probes::parse(text)?.into_iter().filter_map(|entry| answer(entry, now));
    Ok(answers.map(|answer| (answer.address, answer)).collect())
}

fn answer(entry: Entry, now: SystemTime) -> Option<Answer> {
    let outcome = match (entry.kind.as_str(), entry.outcome.as_str()) {
        ("arp", "reply") => Outcome::Replies(repliers(&entry)?),
        ("arp", "silent" | "timeout") => Outcome::Silent(None),
        _ => return None,
    };
    let at = entry.at.and_then(|at| SystemTime::try_from(at.parse::<Timestamp>().ok()?).ok());
    Some(Answer {
        address: entry.ip?,
        interface: entry.interface.map(|name| bounded(&name, NAME_LIMIT).to_owned()),
        outcome,
        age: at.and_then(|at| now.duration_since(at).ok()),
    })
}

/// Those that answered, the first with its time; `None` where the entry names nobody.
fn repliers(entry: &Entry) -> Option<Vec<Replier>> {
    let mut round_trip = entry.rtt_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok());
    let mut repliers: Vec<Replier> = Vec::new();
    for mac in entry.mac.iter().chain(&entry.repliers).filter_map(|mac| mac.parse::<Mac>().ok()) {
        let is_one_host = !mac.is_zero() && !mac.is_multicast();
        let known = repliers.iter().any(|replier| replier.mac == mac);
        if is_one_host && !known && repliers.len() < MOST_REPLIERS {
            repliers.push(Replier { mac, round_trip: round_trip.take() });
        }
    }
    (!repliers.is_empty()).then_some(repliers)
}

#[cfg(test)]
mod tests {
    use vmkit_plugin::Unread;

    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
    const STRANGER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 9]);

    fn at(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    fn answer(last: u8, interface: Option<&str>, outcome: Outcome) -> Answer {
        let interface = interface.map(str::to_owned);
        Answer { address: at(last), interface, outcome, age: Some(Duration::from_secs(5)) }
    }

    fn replies(macs: &[Mac], first: Option<Duration>) -> Outcome {
        let times = std::iter::once(first).chain(std::iter::repeat(None));
        let replier = |(&mac, round_trip)| Replier { mac, round_trip };
        Outcome::Replies(macs.iter().zip(times).map(replier).collect())
    }

    #[test]
    fn what_is_recorded_is_read_again() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(498_750);
        let two = replies(&[WEB, STRANGER], Some(Duration::from_micros(400)));
        let answers = [
            answer(1, Some("br0"), two),
            answer(2, Some("br0"), Outcome::Silent(None)),
            answer(3, Some("br0"), Outcome::Unread(Unread::TimedOut)),
        ];
        let text = serde_json::to_string(&entries(&answers, now)).unwrap();
        let seen = parse(text.as_bytes(), now + Duration::from_secs(5)).unwrap();
        let expected = answers[..2].iter().map(|answer| (answer.address, answer.clone())).collect();
        assert_eq!(seen, expected, "{text}");
    }

    #[test]
    fn each_entry_is_read_or_passed_over() {
        let rows: [(&str, Option<Outcome>); 9] = [
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
            (r#""outcome":"timeout""#, Some(Outcome::Silent(None))),
            (r#""outcome":"silent","rtt_ms":-1e300"#, Some(Outcome::Silent(None))),
            (r#""outcome":"reply""#, None),
            (r#""outcome":"reply","repliers":"52:54:00:00:00:01""#, None),
            (r#""outcome":"melted""#, None),
            (r#""outcome":7"#, None),
        ];
        for (entry, expected) in rows {
            let text = format!(
                r#"[1, {{"kind":"tcp","ip":"10.0.0.1","outcome":"silent"}},
                   {{"kind":"arp","ip":"fe80::1","outcome":"silent"}},
                   {{"kind":"arp","ip":"10.0.0.1","at":"then",{entry}}}]"#
            );
            let seen = parse(text.as_bytes(), SystemTime::UNIX_EPOCH).unwrap();
            let outcome = seen.get(&at(1)).map(|answer| answer.outcome.clone());
            assert_eq!(
                (seen.len(), outcome),
                (usize::from(expected.is_some()), expected),
                "{text}"
            );
        }
        let error = parse(b"{", SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(error.message.starts_with("probes.json: "), "{error}");
    }
}
