//! Asks DNS and mDNS for the machines' names: the system's resolvers, the default gateway, and
//! everybody on the host's links.
//!
//! A name can be left over from a machine that had the address before, and anybody can answer: it
//! is weak evidence, but the only one for a guest that nobody else has heard of.

#![deny(unsafe_code)]

mod facts;
mod hosts;
mod lane;
mod link;
mod message;
mod names;
mod places;
mod record;
mod round;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Deserialize;
use vmkit_plugin::{Cx, Error, ErrorCode, Plugin, Result, Signal, Source, Stage, Subject};

use facts::Facts;
use places::Places;

/// What can be set.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Longest wait for all answers together, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        // A home router answers within milliseconds what it knows itself, and hands on the rest:
        // a round trip to a far resolver takes 20 to 200 ms. The host's probes wait for the
        // discovering signals for as long.
        Self { timeout_ms: 300 }
    }
}

/// Longest `timeout_ms`: what the manifest's schema allows.
const TIMEOUT_LIMIT_MS: u64 = 10_000;

/// The plugin.
pub struct Dns {
    timeout: Duration,
}

impl Plugin for Dns {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        if !(1..=TIMEOUT_LIMIT_MS).contains(&config.timeout_ms) {
            return Err(Error::new(ErrorCode::Configuration, "timeout_ms: must be 1 to 10000"));
        }
        Ok(Self { timeout: Duration::from_millis(config.timeout_ms) })
    }
}

impl Signal for Dns {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        match (cx.stage(), cx.source()) {
            (Stage::Confirm, _) => Ok(()),
            (Stage::Discover, Source::Snapshot) => {
                cx.emit_all(Facts::of(vms, &record::replay(cx)?))
            }
            (Stage::Discover, Source::Live | Source::Recording) => {
                look(vms, &Places::of_system(), self.timeout, cx)
            }
        }
    }
}

fn look(vms: &[Subject], places: &Places, timeout: Duration, cx: &Cx<'_>) -> Result<()> {
    let records = round::run(vms, places, timeout, cx)?;
    record::record(records, cx)
}

/// Reads a packet of a server or a peer: the parser by itself, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(packet: &[u8]) {
    std::hint::black_box(message::read(packet));
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Dns);
