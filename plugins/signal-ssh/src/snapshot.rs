//! Probes out of a snapshot, and into one: `probes.json`, an array of
//! `{"kind":"tcp","ip":…,"port":22,"outcome":"open|refused|timeout|unreachable","rtt_ms":…,
//! "banner":…}`, beside probes of other kinds.

use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::IpAddr,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Error, ErrorCode, Result};

use crate::{
    banner::{Verdict, judge},
    outcome::Outcome,
};

/// Name of the artefact.
pub(crate) const PROBES: &str = "probes.json";
/// Most bytes of it that are read: ten thousand probes of 200 bytes, and as much again.
const LIMIT: u64 = 4 << 20;

/// One probe.
#[derive(Deserialize, Serialize)]
struct Probe {
    kind: String,
    ip: IpAddr,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    rtt_ms: Option<f64>,
    #[serde(default)]
    banner: Option<String>,
}

impl Probe {
    fn into_outcome(self, waited: Duration) -> Option<Outcome> {
        let round_trip = self.rtt_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        Some(match self.outcome.as_str() {
            "open" => opened(self.banner, round_trip),
            "refused" => Outcome::Refused,
            "timeout" => Outcome::Timeout(waited),
            "unreachable" => Outcome::Unreachable("the host had no way to the address".to_owned()),
            _ => return None,
        })
    }

    fn of(ip: IpAddr, port: u16, outcome: &Outcome) -> Option<Self> {
        let milliseconds = |duration: &Option<Duration>| duration.map(|d| d.as_secs_f64() * 1000.0);
        let (word, rtt_ms, banner) = match outcome {
            Outcome::Ready { banner, round_trip } => {
                ("open", milliseconds(round_trip), Some(banner.clone()))
            }
            Outcome::NoBanner { round_trip, .. } => ("open", milliseconds(round_trip), None),
            Outcome::Refused => ("refused", None, None),
            Outcome::Timeout(_) => ("timeout", None, None),
            Outcome::Unreachable(_) => ("unreachable", None, None),
            Outcome::Unread(_) => return None,
        };
        let (kind, outcome) = ("tcp".to_owned(), word.to_owned());
        Some(Self { kind, ip, port: Some(port), outcome, rtt_ms, banner })
    }
}

fn opened(banner: Option<String>, round_trip: Option<Duration>) -> Outcome {
    let line = banner.unwrap_or_default();
    match judge(format!("{}\n", line.trim_end()).as_bytes()) {
        Verdict::Ssh(banner) => Outcome::Ready { banner: banner.to_owned(), round_trip },
        _ => Outcome::NoBanner { instead: "sent no SSH banner".to_owned(), round_trip },
    }
}

/// What the snapshot's probes of this port found; the last of an address counts.
pub(crate) fn read(port: u16, waited: Duration, cx: &Cx<'_>) -> Result<HashMap<IpAddr, Outcome>> {
    let Some(file) = cx.artefact(PROBES)? else { return Ok(HashMap::new()) };
    let mut bytes = Vec::new();
    file.take(LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(&format!("read {PROBES}"), &error))?;
    parse(&bytes, port, waited)
        .map_err(|error| Error::new(ErrorCode::Other, format!("{PROBES}: {error}")))
}

fn parse(
    bytes: &[u8],
    port: u16,
    waited: Duration,
) -> Result<HashMap<IpAddr, Outcome>, serde_json::Error> {
    let probes: Vec<Probe> = serde_json::from_slice(bytes)?;
    Ok(probes
        .into_iter()
        .filter(|probe| probe.kind == "tcp" && probe.port == Some(port))
        .filter_map(|probe| Some((probe.ip, probe.into_outcome(waited)?)))
        .collect())
}

/// Puts the outcomes into the snapshot that is being recorded.
pub(crate) fn record(outcomes: &[(IpAddr, Outcome)], port: u16, cx: &Cx<'_>) -> Result<()> {
    let Some(mut file) = cx.recording(PROBES)? else { return Ok(()) };
    let probes: Vec<Probe> =
        outcomes.iter().filter_map(|(ip, outcome)| Probe::of(*ip, port, outcome)).collect();
    // Text and finite numbers always have a form in JSON.
    let text = serde_json::to_string_pretty(&probes).unwrap_or_default() + "\n";
    file.write_all(text.as_bytes()).map_err(|error| Error::io(&format!("record {PROBES}"), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITED: Duration = Duration::from_millis(400);

    #[test]
    fn outcomes_survive_a_snapshot() {
        let round_trip = Some(Duration::from_micros(400));
        let outcomes = [
            Outcome::Ready { banner: "SSH-2.0-x".into(), round_trip },
            Outcome::NoBanner { instead: "sent no SSH banner".into(), round_trip },
            Outcome::Refused,
            Outcome::Timeout(WAITED),
            Outcome::Unreachable("the host had no way to the address".into()),
        ];
        for outcome in outcomes {
            let address = IpAddr::from([10, 0, 0, 1]);
            let probe = Probe::of(address, 22, &outcome);
            let text = serde_json::to_vec(&[probe]).unwrap();
            assert_eq!(parse(&text, 22, WAITED).unwrap().remove(&address), Some(outcome));
            assert!(parse(&text, 2222, WAITED).unwrap().is_empty());
        }
    }

    #[test]
    fn probes_of_other_kinds_and_hostile_numbers_are_passed_over() {
        let text =
            br#"[{"kind":"arp","ip":"10.0.0.1","outcome":"reply","repliers":["52:54:00:00:00:01"]},
            {"kind":"tcp","ip":"10.0.0.2","port":22,"outcome":"open","rtt_ms":-1e300,"banner":null},
            {"kind":"tcp","ip":"10.0.0.3","port":22,"outcome":"tomorrow"}]"#;
        let found = parse(text, 22, WAITED).unwrap();
        let instead = "sent no SSH banner".to_owned();
        let expected = Outcome::NoBanner { instead, round_trip: None };
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [([10, 0, 0, 2].into(), expected)]);
        assert!(parse(b"{}", 22, WAITED).is_err());
    }
}
