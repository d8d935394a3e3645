//! Connects to the SSH port of every candidate address: does anybody answer there, and how.
//!
//! It only confirms. An SSH server that answers does not say which machine it is on. But the
//! connection makes the host's kernel resolve the address, and then the neighbour table has it.

#![deny(unsafe_code)]

mod outcome;
mod probe;
mod snapshot;

use std::{
    net::SocketAddr,
    num::{NonZero, NonZeroU16},
};

use serde::Deserialize;
use vmkit_plugin::{Cx, Plugin, Result, Signal, Source, Stage, Subject};
use vmkit_probing::{Limits, Timeout, probe_all};

/// Connections at one time: a quarter of the descriptors that a worker may have, and a burst of
/// SYNs that a home router's tables can hold.
const CONNECTIONS: usize = 256;

/// The plugin, as it is configured.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ssh {
    /// TCP port of the SSH servers.
    pub port: NonZeroU16,
    /// Timeout of one server, connection and banner together, in milliseconds.
    pub timeout_ms: Timeout,
}

impl Default for Ssh {
    fn default() -> Self {
        Self {
            port: const { NonZero::new(22).unwrap() },
            // On a LAN, over Wi-Fi too, an answer takes some milliseconds, and sshd needs a few
            // more to fork. A lost SYN is sent again after 1 s. So below 1 s, waiting longer than
            // 400 ms would see no more.
            timeout_ms: Timeout::from_millis(400),
        }
    }
}

impl Plugin for Ssh {
    type Config = Self;

    fn new(config: Self) -> Result<Self> {
        Ok(config)
    }
}

impl Signal for Ssh {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        let port = self.port.get();
        let targets = vmkit_probing::targets(vms);
        if cx.source() == Source::Snapshot {
            return snapshot::replay(&targets, port, cx);
        }
        let timeout = self.timeout_ms.duration();
        let limits = Limits { at_once: CONNECTIONS, timeout };
        let outcomes = probe_all(
            &targets,
            limits,
            cx,
            |target, allowed| {
                Ok(probe::probe(SocketAddr::new(target.address, port), allowed, timeout))
            },
            |vm, outcome| outcome.observation(vm, port),
        )?;
        snapshot::record(&outcomes, port, cx)
    }
}

/// Judges the first bytes of a server, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(received: &[u8]) {
    std::hint::black_box(vmkit_ssh::identification::judge(received));
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Ssh);
