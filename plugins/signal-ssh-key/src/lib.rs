//! Has the SSH servers at the candidate addresses prove their host keys, and compares these with the
//! keys that the machines are known by: an address may move to another machine, a key should not.
//!
//! It only confirms, where the other signals leave doubt or no key is known yet. It ends each
//! connection after the server's proof and never logs in.

#![deny(unsafe_code)]

mod judgement;
mod own_keys;
mod proof;
mod snapshot;

use std::{
    net::SocketAddr,
    num::{NonZero, NonZeroU16},
};

use serde::Deserialize;
use vmkit_plugin::{Cx, Plugin, Result, Signal, Source, Stage, Subject};
use vmkit_probing::{Limits, Target, Timeout, probe_all};

use judgement::judge;
use proof::prove;

/// Exchanges at one time. Each takes the guest, and this computer for its half, about a millisecond
/// of work: more of them would only wait for a processor.
const EXCHANGES: usize = 32;

/// The plugin, as it is configured.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SshKey {
    /// TCP port of the SSH servers.
    pub port: NonZeroU16,
    /// Timeout of one server, from the connection to its proof, in milliseconds.
    pub timeout_ms: Timeout,
}

impl Default for SshKey {
    fn default() -> Self {
        Self {
            port: const { NonZero::new(22).unwrap() },
            // The server has just shown its banner. sshd under KVM takes some 10 ms from the
            // connection to its signature, a busy guest some tens, and an emulated one some hundreds.
            timeout_ms: Timeout::from_millis(500),
        }
    }
}

impl Plugin for SshKey {
    type Config = Self;

    fn new(config: Self) -> Result<Self> {
        Ok(config)
    }
}

impl Signal for SshKey {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        let port = self.port.get();
        let targets = vmkit_probing::targets(vms);
        if cx.source() == Source::Snapshot {
            return snapshot::replay(&targets, vms, port, cx);
        }
        let limits = Limits { at_once: EXCHANGES, timeout: self.timeout_ms.duration() };
        let own_keys = own_keys::read(own_keys::PATTERN, cx);
        let proofs = probe_all(
            &targets,
            limits,
            cx,
            |target, allowed| {
                let to = SocketAddr::new(target.address, port);
                Ok(prove(to, algorithms(target, vms), allowed))
            },
            |vm, proof| judge(vm, &proof.key, vms, &own_keys),
        )?;
        snapshot::record(&proofs, port, cx)
    }
}

/// The algorithms of the keys that the target's machines are known by: no other key could be
/// compared.
fn algorithms(target: &Target, vms: &[Subject]) -> Vec<String> {
    let known = target.machines.iter().flat_map(|&vm| &vms[vm].known_host_keys);
    known.map(|known| known.key.algorithm().to_owned()).collect()
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = SshKey);
