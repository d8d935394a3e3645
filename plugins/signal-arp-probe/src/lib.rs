//! Asks by ARP who has each candidate address, and counts who answers. No other signal can see that
//! two hosts have one address, because the kernel's table keeps only one of them.
//!
//! It only confirms, and only IPv4 addresses. The requests go out on a socket that the host opens,
//! which receives nothing but ARP.

#![deny(unsafe_code)]

mod exchange;
mod findings;
mod frame;
mod outcome;
mod round;
mod snapshot;

use vmkit_plugin::{Cx, NoConfig, Plugin, Result, Signal, Source, Stage, Subject};

/// The plugin.
pub struct ArpProbe;

impl Plugin for ArpProbe {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for ArpProbe {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Confirm {
            return Ok(());
        }
        let targets = vmkit_probing::targets(vms);
        let answers = match cx.source() {
            Source::Snapshot => snapshot::replay(&targets, cx)?,
            Source::Live | Source::Recording => round::run(&targets, vms, cx)?,
        };
        // All together: the scoring lets one call's observations replace those of an earlier call.
        cx.emit_all(findings::findings(&answers, &targets, vms))?;
        snapshot::record(&answers, cx)
    }
}

/// Reads a frame that came on this link, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(frame: &[u8], link: &vmkit_plugin::Link) {
    std::hint::black_box(frame::reply(frame, link));
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = ArpProbe);
