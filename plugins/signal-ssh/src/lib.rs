//! Asks every candidate address for an SSH server: who answers there at all, and how.
//!
//! It only confirms. That an SSH server answers does not tell whose it is; that the connection
//! makes the host's kernel resolve the address does, and the neighbour table has it afterwards.

#![deny(unsafe_code)]

mod outcome;
mod probe;
mod round;
mod snapshot;

use std::time::Duration;

use serde::Deserialize;
use vmkit_plugin::{Cx, Error, ErrorCode, Plugin, Result, Signal, Source, Stage, Subject};

/// What can be set.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// TCP port of the SSH servers.
    pub port: u16,
    /// Longest wait for one server, connection and banner together, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        // On a LAN, over Wi-Fi too, an answer takes some milliseconds and sshd forks within a few
        // more. A lost SYN is sent again after 1 s, so a wait of less than that cannot see the
        // second one: 400 ms sees all that a longer wait below 1 s would see.
        Self { port: 22, timeout_ms: 400 }
    }
}

/// Longest `timeout_ms`: what the manifest's schema allows.
const TIMEOUT_LIMIT_MS: u64 = 10_000;

/// The plugin.
pub struct Ssh {
    port: u16,
    timeout: Duration,
}

impl Plugin for Ssh {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        let wrong = |what: &str| Err(Error::new(ErrorCode::Configuration, what));
        if config.port == 0 {
            return wrong("port: must be 1 to 65535");
        }
        if !(1..=TIMEOUT_LIMIT_MS).contains(&config.timeout_ms) {
            return wrong("timeout_ms: must be 1 to 10000");
        }
        Ok(Self { port: config.port, timeout: Duration::from_millis(config.timeout_ms) })
    }
}

impl Signal for Ssh {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        let targets = vmkit_plugin::targets(vms);
        match cx.source() {
            Source::Snapshot => snapshot::replay(&targets, self.port, cx),
            Source::Live | Source::Recording => round::run(&targets, self.port, self.timeout, cx),
        }
    }
}

/// Judges what a server sends first: the parser by itself, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(received: &[u8]) {
    std::hint::black_box(vmkit_ssh::identification::judge(received));
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Ssh);
