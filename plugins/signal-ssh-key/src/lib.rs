//! Lets the SSH servers at the candidate addresses prove their host keys, and compares these with
//! the keys that the machines are known by: an address may move to another machine, a key may not.
//!
//! It only confirms, where the others leave doubt or no key is known yet, and goes no further than
//! the server's proof: nobody logs in.

#![deny(unsafe_code)]

mod judgement;
mod own_keys;
mod proof;
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
    /// Longest wait for one server, from the connection to its proof, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        // The server has just shown its banner; sshd under KVM takes some 10 ms from the connection
        // to its signature, a busy guest some tens, and one under emulation some hundreds.
        Self { port: 22, timeout_ms: 500 }
    }
}

/// Longest `timeout_ms`: what the manifest's schema allows.
const TIMEOUT_LIMIT_MS: u64 = 10_000;

/// The plugin.
pub struct SshKey {
    port: u16,
    timeout: Duration,
}

impl Plugin for SshKey {
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

impl Signal for SshKey {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        match cx.source() {
            Source::Snapshot => snapshot::replay(vms, self.port, cx),
            Source::Live | Source::Recording => round::run(vms, self.port, self.timeout, cx),
        }
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = SshKey);
