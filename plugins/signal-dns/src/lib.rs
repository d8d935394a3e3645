//! Asks for the machines' names: the system's resolvers, the default gateway, and by mDNS all hosts
//! on the host's links.
//!
//! A name may be left over from a machine that had the address before, and anybody can answer. So an
//! answer is weak evidence, but for some guests it is the only one.

#![deny(unsafe_code)]

mod collector;
mod hosts;
#[cfg(any(target_os = "macos", test))]
mod ifconfig;
mod interface;
mod lane;
mod limits;
mod link;
mod message;
mod names;
mod record;
mod responders;
mod round;
#[cfg(any(target_os = "macos", test))]
mod scutil;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Deserialize;
use vmkit_plugin::{Cx, Observation, Plugin, Result, Signal, Source, Stage, Subject};
use vmkit_probing::Timeout;

use collector::Collector;
use responders::Responders;

/// The plugin, as it is configured.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// Timeout of all questions together, in milliseconds.
    pub timeout_ms: Timeout,
}

impl Default for Dns {
    fn default() -> Self {
        // A home router answers what it knows itself within milliseconds, and forwards the rest: a
        // round trip to a distant resolver takes 20 to 200 ms. The host's probes wait for the
        // discovering signals for as long.
        Self { timeout_ms: Timeout::from_millis(300) }
    }
}

impl Plugin for Dns {
    type Config = Self;

    fn new(config: Self) -> Result<Self> {
        Ok(config)
    }
}

impl Signal for Dns {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        match (cx.stage(), cx.source()) {
            (Stage::Confirm, _) => Ok(()),
            (Stage::Discover, Source::Snapshot) => cx.emit_all(match record::replay(cx)? {
                Some(records) => Collector::of(vms, &records),
                None => nothing_recorded(vms.len()),
            }),
            (Stage::Discover, Source::Live | Source::Recording) => {
                look(vms, &Responders::of_system(cx), self.timeout_ms.duration(), cx)
            }
        }
    }
}

/// A snapshot of a look that asked no DNS server.
fn nothing_recorded(vms: usize) -> Vec<Observation> {
    let of = |vm| Observation::nothing_to_look_at(vm, "no answer of a DNS server was recorded");
    (0..vms).map(of).collect()
}

fn look(vms: &[Subject], responders: &Responders, timeout: Duration, cx: &Cx<'_>) -> Result<()> {
    let records = round::run(vms, responders, timeout, cx)?;
    record::record(records, cx)
}

/// Reads a packet of a server or a peer, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(packet: &[u8]) {
    std::hint::black_box(message::read(packet));
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Dns);
