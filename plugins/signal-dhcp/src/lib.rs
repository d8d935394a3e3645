//! Addresses that servers acknowledged to the machines' MACs, in captured DHCP exchanges.
//!
//! Captures are artefacts of a snapshot (`dhcp/*.pcap`, Ethernet). A live run captures nothing, so it finds
//! nothing here. IPv4 only.

#![deny(unsafe_code)]

mod captures;
mod findings;
mod holds;

use vmkit_plugin::{Cx, NoConfig, Observation, Plugin, Result, Signal, Source, Subject};

/// The plugin.
pub struct Dhcp;

impl Plugin for Dhcp {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for Dhcp {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.source() != Source::Snapshot || vms.is_empty() {
            return Ok(());
        }
        if !cx.artefacts().iter().any(|name| name.starts_with("dhcp/")) {
            let of = |vm| Observation::nothing_to_look_at(vm, "no DHCP capture was recorded");
            return cx.emit_all((0..vms.len()).map(of).collect());
        }
        let (messages, result) = captures::read(cx)?;
        cx.emit_all(findings::discover(&holds::rebuild(&messages), vms, cx.now()))?;
        result
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Dhcp);
