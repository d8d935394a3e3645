//! `probes.json` of a snapshot, which all signals that probe share: each records a part of its own,
//! and in a replay finds its own entries among all.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use vmkit_plugin::{Cx, Error, ErrorCode, Observation, Result};

use crate::{Failure, Target};

/// The artefact that is replayed: the probes of every signal.
const PROBES: &str = "probes.json";

/// One probe of a snapshot.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Entry<D> {
    /// What was sent: `tcp`, `icmp`, `arp`.
    pub kind: String,
    /// The address that was probed.
    pub ip: IpAddr,
    /// A word for what came of it, by kind.
    pub outcome: String,
    /// The round trip in milliseconds; where the probe failed, the time to its error.
    #[serde(default)]
    rtt_ms: Option<f64>,
    /// The number of the error that ended the probe, on the system that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errno: Option<i32>,
    /// Whether root sent a probe that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_root: Option<bool>,
    /// The time of the probe, as RFC 3339 writes it.
    #[serde(default)]
    at: Option<String>,
    /// Further fields, by kind.
    #[serde(flatten)]
    pub details: D,
}

/// Details of a kind that has none.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct NoDetails {}

/// What a probe of a snapshot gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<T> {
    /// What was seen.
    pub outcome: T,
    /// How long before the capture, where the snapshot has the time.
    pub age: Option<Duration>,
}

impl<D> Entry<D> {
    /// A probe of this kind with this outcome. [`record`] adds the time.
    pub fn new(
        kind: &str,
        ip: IpAddr,
        outcome: &str,
        round_trip: Option<Duration>,
        details: D,
    ) -> Self {
        // To the microsecond, as the observation itself has it.
        let milliseconds =
            |time: Duration| f64::from(u32::try_from(time.as_micros()).unwrap_or(u32::MAX)) / 1e3;
        Self {
            kind: kind.to_owned(),
            ip,
            outcome: outcome.to_owned(),
            rtt_ms: round_trip.map(milliseconds),
            errno: None,
            as_root: None,
            at: None,
            details,
        }
    }

    /// A probe of this kind that failed with this outcome.
    pub fn failed(kind: &str, ip: IpAddr, outcome: &str, failure: Failure, details: D) -> Self {
        let Failure { errno, after, as_root } = failure;
        Self { errno, as_root, ..Self::new(kind, ip, outcome, after, details) }
    }

    /// The error that ended the probe, as far as the snapshot has it.
    pub fn failure(&self) -> Failure {
        Failure { errno: self.errno, after: self.round_trip(), as_root: self.as_root }
    }

    /// The round trip; `None` where it is unknown or no duration.
    pub fn round_trip(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.rtt_ms? / 1e3).ok()
    }

    fn age(&self, now: SystemTime) -> Option<Duration> {
        let at = SystemTime::try_from(self.at.as_deref()?.parse::<Timestamp>().ok()?).ok()?;
        now.duration_since(at).ok()
    }
}

/// Reports what the snapshot holds of the targets. One without an entry was not probed. `understood`
/// is as for [`last_entries`].
///
/// # Errors
/// The artefact cannot be read, or the host no longer listens.
pub fn replay<D: DeserializeOwned, T>(
    targets: &[Target],
    cx: &Cx<'_>,
    understood: impl Fn(&Entry<D>) -> Option<T>,
    observe: impl Fn(usize, &T) -> Observation,
) -> Result<()> {
    let seen = last_entries(cx, understood)?;
    let seen = targets.iter().filter_map(|target| Some((target, seen.get(&target.address)?)));
    let observations = seen.flat_map(|(target, Recorded { outcome, age })| {
        let observe = &observe;
        target.machines.iter().map(move |&vm| {
            let observation = observe(vm, outcome).at(target.address);
            match age {
                Some(age) => observation.aged(*age),
                None => observation,
            }
        })
    });
    cx.emit_all(observations.collect())
}

/// The last entry of each address. Skipped are entries that have another form, and those that
/// `understood` does not understand: other kinds, and what a later version records. Empty where the
/// snapshot holds no probes.
///
/// # Errors
/// The artefact cannot be read, is too long, or is no list.
pub fn last_entries<D: DeserializeOwned, T>(
    cx: &Cx<'_>,
    understood: impl Fn(&Entry<D>) -> Option<T>,
) -> Result<HashMap<IpAddr, Recorded<T>>> {
    Ok(last(cx.read_list(PROBES)?.unwrap_or_default(), cx.now(), understood))
}

fn last<D, T>(
    entries: Vec<Entry<D>>,
    now: SystemTime,
    understood: impl Fn(&Entry<D>) -> Option<T>,
) -> HashMap<IpAddr, Recorded<T>> {
    let recorded = entries.into_iter().filter_map(|entry| {
        Some((entry.ip, Recorded { outcome: understood(&entry)?, age: entry.age(now) }))
    });
    recorded.collect()
}

/// Writes the entries, made just now, into this part of the snapshot, such as `probes/tcp.json`.
/// Does nothing where there are none, or the run is not recorded.
///
/// # Errors
/// The part cannot be made or written.
pub fn record<D: Serialize>(part: &str, entries: Vec<Entry<D>>, cx: &Cx<'_>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let text = serde_json::to_vec_pretty(&timed(entries, cx.now()))
        .map_err(|error| Error::new(ErrorCode::Other, format!("record {part}: {error}")))?;
    cx.record(part, &text)
}

fn timed<D>(mut entries: Vec<Entry<D>>, now: SystemTime) -> Vec<Entry<D>> {
    let at = Timestamp::try_from(now).ok().map(|at| at.to_string());
    for entry in &mut entries {
        entry.at.clone_from(&at);
    }
    entries
}

#[cfg(test)]
mod tests {
    use vmkit_plugin::parse_list;

    use super::*;

    fn words(text: &[u8], now: SystemTime) -> Result<HashMap<IpAddr, Recorded<String>>> {
        let understood = |entry: &Entry<NoDetails>| {
            (entry.kind == "icmp").then(|| format!("{} {:?}", entry.outcome, entry.round_trip()))
        };
        Ok(last(parse_list(PROBES, text)?, now, understood))
    }

    #[test]
    fn entries_survive_a_snapshot() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(498_750);
        let address = IpAddr::from([10, 0, 0, 1]);
        let round_trip = Some(Duration::from_micros(400));
        let entries = vec![Entry::new("icmp", address, "reply", round_trip, NoDetails {})];
        let text = serde_json::to_vec(&timed(entries, now)).unwrap();
        let age = Some(Duration::from_secs(5));
        let expected = Recorded { outcome: "reply Some(400µs)".to_owned(), age };
        assert_eq!(
            words(&text, now + Duration::from_secs(5)).unwrap(),
            HashMap::from([(address, expected)])
        );
    }

    #[test]
    fn a_failure_survives_a_snapshot() {
        let address = IpAddr::from([10, 0, 0, 1]);
        let after = Some(Duration::from_micros(300));
        let failure = Failure { errno: Some(65), after, as_root: Some(false) };
        for failure in [failure, Failure::default()] {
            let entry = Entry::failed("tcp", address, "unreachable", failure, NoDetails {});
            let text = serde_json::to_string(&entry).unwrap();
            let read: Entry<NoDetails> = serde_json::from_str(&text).unwrap();
            assert_eq!(read.failure(), failure, "{text}");
        }
    }

    #[test]
    fn the_last_entry_that_is_understood_counts() {
        let text = br#"[1, {"kind":"tcp","ip":"10.0.0.1","port":22,"outcome":"open"},
            {"kind":"icmp","ip":"10.0.0.300","outcome":"reply"},
            {"kind":"icmp","ip":"10.0.0.2","outcome":7},
            {"kind":"icmp","ip":"10.0.0.3","outcome":"silent"},
            {"kind":"icmp","ip":"10.0.0.3","outcome":"reply","rtt_ms":-1e300,"at":"then"},
            {"kind":"arp","ip":"10.0.0.3","outcome":"silent"}]"#;
        let expected = Recorded { outcome: "reply None".to_owned(), age: None };
        let expected = HashMap::from([([10, 0, 0, 3].into(), expected)]);
        assert_eq!(words(text, SystemTime::UNIX_EPOCH).unwrap(), expected);
    }

    #[test]
    fn an_artefact_that_is_no_list_is_an_error() {
        for text in ["{", "{}", "7"] {
            let error = words(text.as_bytes(), SystemTime::UNIX_EPOCH).unwrap_err();
            assert!(error.message.starts_with("probes.json: "), "{error}");
        }
    }
}
