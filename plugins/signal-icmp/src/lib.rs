//! Sends one ICMP echo to every candidate address: is anybody there, even where a firewall hides
//! the SSH port.
//!
//! It only confirms, and it never tells who answers. It uses the datagram sockets that Linux and
//! macOS have for this, which need no privilege; where Linux refuses them, it says so.

#![deny(unsafe_code)]

mod echo;
mod outcome;
mod probes;
mod round;

use std::time::Duration;

use serde::Deserialize;
use vmkit_plugin::{Cx, Error, ErrorCode, Plugin, Result, Signal, Source, Stage, Subject};

/// What can be set.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Longest wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        // The kernel of a guest answers within a millisecond of getting the echo. The first one
        // waits for ARP as well, and a Wi-Fi station that sleeps is handed frames with its access
        // point's beacons, every 100 to 300 ms.
        Self { timeout_ms: 300 }
    }
}

/// Longest `timeout_ms`: what the manifest's schema allows.
const TIMEOUT_LIMIT_MS: u64 = 10_000;

/// The plugin.
pub struct Icmp {
    timeout: Duration,
}

impl Plugin for Icmp {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        if !(1..=TIMEOUT_LIMIT_MS).contains(&config.timeout_ms) {
            return Err(Error::new(ErrorCode::Configuration, "timeout_ms: must be 1 to 10000"));
        }
        Ok(Self { timeout: Duration::from_millis(config.timeout_ms) })
    }
}

impl Signal for Icmp {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        let targets = vmkit_plugin::targets(vms);
        match cx.source() {
            Source::Snapshot => probes::replay(&targets, cx),
            Source::Live | Source::Recording => {
                let answered = round::run(&targets, self.timeout, cx)?;
                probes::record(&answered, cx)
            }
        }
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Icmp);
