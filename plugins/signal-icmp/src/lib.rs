//! Sends one ICMP echo to every candidate address: is anybody there, even where a firewall hides
//! the SSH port. To one that answers it sends another of 1,500 bytes, and three if they are lost: a path
//! may carry small packets only.
//!
//! It only confirms, and it never says who answers. It uses the datagram sockets that Linux and
//! macOS have for echoes, which need no privilege. Where Linux refuses them, the error says how to
//! allow them.

#![deny(unsafe_code)]

mod echo;
mod outcome;
mod snapshot;

use serde::Deserialize;
use vmkit_plugin::{Cx, Plugin, Result, Signal, Source, Stage, Subject};
use vmkit_probing::{Limits, Timeout, probe_all};

use echo::Sockets;

/// Echoes without an answer at one time: half of the neighbours that Linux keeps, because each
/// address of a link that nobody has becomes one.
const ECHOES: usize = 512;

/// The plugin, as it is configured.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Icmp {
    /// Timeout of one echo, in milliseconds.
    pub timeout_ms: Timeout,
}

impl Default for Icmp {
    fn default() -> Self {
        // A guest's kernel answers within a millisecond of getting the echo. The first echo waits
        // for ARP as well, and a Wi-Fi station that sleeps gets frames with its access point's
        // beacons, every 100 to 300 ms.
        Self { timeout_ms: Timeout::from_millis(300) }
    }
}

impl Plugin for Icmp {
    type Config = Self;

    fn new(config: Self) -> Result<Self> {
        Ok(config)
    }
}

impl Signal for Icmp {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        let targets = vmkit_probing::targets(vms);
        if cx.source() == Source::Snapshot {
            return snapshot::replay(&targets, cx);
        }
        let timeout = self.timeout_ms.duration();
        let limits = Limits { at_once: ECHOES, timeout };
        let mut sockets = Sockets::default();
        let outcomes = probe_all(
            &targets,
            limits,
            cx,
            |target, allowed| {
                let socket = sockets.next(target.address)?;
                Ok(echo::echo(socket, target.address, allowed, timeout))
            },
            |vm, outcome| outcome.observation(vm),
        )?;
        snapshot::record(&outcomes, cx)
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Icmp);
