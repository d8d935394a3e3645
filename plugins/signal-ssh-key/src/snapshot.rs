//! The proofs of a snapshot: entries of kind `tcp` that have a host key.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, HostKey, Result, Subject};
use vmkit_probing::{Entry, Target};

use crate::{judgement::judge, proof::Proof};

/// The part of the probes that this signal records.
const PART: &str = "probes/ssh-key.json";

/// What an entry has beside the outcome.
#[derive(Debug, Deserialize, Serialize)]
struct Details {
    port: u16,
    #[serde(default)]
    banner: Option<String>,
    host_key: String,
}

/// Judges the keys that the snapshot holds of this port at the targets, as a live run does. But
/// nothing in a snapshot says which keys are this computer's own.
pub(crate) fn replay(targets: &[Target], vms: &[Subject], port: u16, cx: &Cx<'_>) -> Result<()> {
    vmkit_probing::replay(
        targets,
        cx,
        |entry| key(entry, port),
        |vm, key: &HostKey| judge(vm, key, vms, &[]),
    )
}

fn key(entry: &Entry<Details>, port: u16) -> Option<HostKey> {
    let is_of_port = entry.kind == "tcp" && entry.details.port == port;
    if is_of_port { entry.details.host_key.parse().ok() } else { None }
}

/// Writes the proofs into the snapshot that is being recorded.
pub(crate) fn record(proofs: &[(IpAddr, Proof)], port: u16, cx: &Cx<'_>) -> Result<()> {
    let entries = proofs.iter().map(|(ip, proof)| entry(*ip, proof, port));
    vmkit_probing::record(PART, entries.collect(), cx)
}

fn entry(ip: IpAddr, proof: &Proof, port: u16) -> Entry<Details> {
    let Proof { key, banner, round_trip } = proof;
    let details = Details { port, banner: banner.clone(), host_key: key.to_string() };
    Entry::new("tcp", ip, "open", Some(*round_trip), details)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn proofs_survive_a_snapshot() {
        let expected: HostKey = "ssh-ed25519 AAAA".parse().unwrap();
        let banner = Some("SSH-2.0-x".to_owned());
        let proof = Proof { key: expected.clone(), banner, round_trip: Duration::from_micros(400) };
        let text = serde_json::to_string(&entry([10, 0, 0, 1].into(), &proof, 22)).unwrap();
        let entry = serde_json::from_str(&text).unwrap();
        assert_eq!(key(&entry, 22), Some(expected), "{text}");
        assert_eq!(key(&entry, 2222), None, "{text}");
    }

    #[test]
    fn skips_entries_without_a_key_and_of_other_forms() {
        let rows = [
            (r#""kind":"arp","host_key":"ssh-rsa K""#, None),
            (r#""kind":"tcp","banner":"SSH-2.0-x""#, None),
            (r#""kind":"tcp","host_key":null"#, None),
            (r#""kind":"tcp","host_key":"ssh-rsa""#, None),
            (r#""kind":"tcp","host_key":"ssh-rsa K""#, Some("ssh-rsa K")),
        ];
        for (fields, expected) in rows {
            let text = format!(r#"{{"ip":"10.0.0.2","port":22,"outcome":"open",{fields}}}"#);
            let found = serde_json::from_str(&text).ok().and_then(|entry| key(&entry, 22));
            assert_eq!(found, expected.map(|key| key.parse().unwrap()), "{fields}");
        }
    }
}
