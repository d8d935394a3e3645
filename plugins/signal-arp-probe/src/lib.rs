//! Asks by ARP who has each candidate address, and counts who answers: an address that two hosts
//! have is seen in no other way, for the kernel's table keeps one of them.
//!
//! It only confirms. The requests go out by a socket that the host opens, which hears nothing but
//! ARP. IPv4 only.

#![deny(unsafe_code)]

mod exchange;
mod findings;
mod frame;
mod outcome;
mod probes;
mod round;

use serde::Deserialize;
use vmkit_plugin::{Cx, Plugin, Result, Signal, Source, Stage, Subject};

/// Nothing can be set.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// The plugin.
pub struct ArpProbe;

impl Plugin for ArpProbe {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for ArpProbe {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        let targets = vmkit_plugin::targets(vms);
        let answers = match cx.source() {
            Source::Snapshot => probes::replay(&targets, cx)?,
            Source::Live | Source::Recording => round::run(&targets, vms, cx)?,
        };
        // All at once: what one look has seen supersedes what an earlier one did.
        cx.emit_all(findings::findings(&answers, &targets, vms))?;
        probes::record(&answers, cx)
    }
}

/// Reads a frame that came on this link: the parser by itself, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(frame: &[u8], link: &vmkit_plugin::Link) {
    std::hint::black_box(frame::reply(frame, link));
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = ArpProbe);
