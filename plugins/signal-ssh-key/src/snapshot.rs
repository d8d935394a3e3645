//! The proofs of a snapshot: `host_key` of entries of kind `tcp` in its `probes.json`.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, HostKey, Result, Subject, probes};

use crate::{judgement::judge, proof::Proof};

/// The part of it that this signal records.
const PART: &str = "probes/ssh-key.json";

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
    host_key: String,
    #[serde(default)]
    at: Option<String>,
}

/// Compares what the snapshot holds of these addresses, just as a live run does. Only this
/// computer's own keys are not known there.
pub(crate) fn replay(vms: &[Subject], port: u16, cx: &Cx<'_>) -> Result<()> {
    let Some(text) = probes::read(cx)? else { return Ok(()) };
    let found = parse(&text, port, cx.now())?;
    let targets = vmkit_plugin::targets(vms);
    let targets = targets.iter().filter_map(|target| Some((target, found.get(&target.address)?)));
    let facts = targets.flat_map(|(target, (key, age))| {
        target.machines.iter().map(move |&vm| {
            let fact = judge(vm, key, vms, &[]).at(target.address);
            match age {
                Some(age) => fact.aged(*age),
                None => fact,
            }
        })
    });
    cx.emit_all(facts.collect())
}

/// The keys that were proven on this port, and how long ago where that is known; the last of an
/// address counts. Entries without one, or of a form that this version does not know, are passed
/// over.
fn parse(
    text: &[u8],
    port: u16,
    now: SystemTime,
) -> Result<HashMap<IpAddr, (HostKey, Option<Duration>)>> {
    Ok(probes::parse(text)?
        .into_iter()
        .filter(|probe: &Probe| probe.kind == "tcp" && probe.port == port)
        .filter_map(|probe| {
            let at = probe.at.and_then(|at| at.parse::<Timestamp>().ok()?.try_into().ok());
            let age = at.and_then(|at: SystemTime| now.duration_since(at).ok());
            Some((probe.ip, (probe.host_key.parse().ok()?, age)))
        })
        .collect())
}

/// Puts the proofs into the snapshot that is being recorded.
pub(crate) fn record(proofs: &[(IpAddr, Proof)], port: u16, cx: &Cx<'_>) -> Result<()> {
    if proofs.is_empty() {
        return Ok(());
    }
    probes::record(PART, &entries(proofs, port, cx.now()), cx)
}

fn entries(proofs: &[(IpAddr, Proof)], port: u16, now: SystemTime) -> Vec<Probe> {
    let at = Timestamp::try_from(now).ok().map(|at| at.to_string());
    let probe = |(ip, proof): &(IpAddr, Proof)| {
        let micros = u32::try_from(proof.round_trip.as_micros()).unwrap_or(u32::MAX);
        Probe {
            kind: "tcp".to_owned(),
            ip: *ip,
            port,
            outcome: "open".to_owned(),
            rtt_ms: Some(f64::from(micros) / 1e3),
            banner: proof.banner.clone(),
            host_key: proof.key.to_string(),
            at: at.clone(),
        }
    };
    proofs.iter().map(probe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_survive_a_snapshot() {
        let key: HostKey = "ssh-ed25519 AAAA".parse().unwrap();
        let banner = Some("SSH-2.0-x".to_owned());
        let proof = Proof { key: key.clone(), banner, round_trip: Duration::from_micros(400) };
        let (then, age) = (SystemTime::UNIX_EPOCH, Duration::from_secs(5));
        let address = IpAddr::from([10, 0, 0, 1]);
        let text = serde_json::to_vec(&entries(&[(address, proof)], 22, then)).unwrap();
        let found = parse(&text, 22, then + age).unwrap();
        assert_eq!(found, HashMap::from([(address, (key, Some(age)))]));
        assert!(parse(&text, 2222, then).unwrap().is_empty());
    }

    #[test]
    fn probes_without_a_key_and_of_other_forms_are_passed_over() {
        let text = br#"[1, {"kind":"arp","ip":"10.0.0.1","outcome":"reply"},
            {"kind":"tcp","ip":"10.0.0.2","port":22,"outcome":"open","banner":"SSH-2.0-x"},
            {"kind":"tcp","ip":"10.0.0.3","port":22,"outcome":"open","host_key":null},
            {"kind":"tcp","ip":"10.0.0.4","port":22,"outcome":"open","host_key":"ssh-rsa"},
            {"kind":"tcp","ip":"10.0.0.5","port":22,"outcome":"open","host_key":"ssh-rsa K","at":"?"}]"#;
        let found = parse(text, 22, SystemTime::UNIX_EPOCH).unwrap();
        let key = "ssh-rsa K".parse().unwrap();
        assert_eq!(found, HashMap::from([([10, 0, 0, 5].into(), (key, None))]));
        assert!(parse(b"{}", 22, SystemTime::UNIX_EPOCH).is_err());
    }
}
