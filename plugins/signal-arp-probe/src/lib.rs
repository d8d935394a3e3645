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

use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use vmkit_plugin::{Cx, Plugin, Result, Signal, Source, Stage, Subject};

/// Nothing can be set.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// The plugin.
#[derive(Default)]
pub struct ArpProbe {
    /// Parts of a snapshot that it has recorded: a run may ask more than once.
    recorded: AtomicU32,
}

impl Plugin for ArpProbe {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self::default())
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
        if cx.source() != Source::Recording {
            return Ok(());
        }
        let part = self.recorded.fetch_add(1, Ordering::Relaxed);
        probes::record(&answers, part, cx)
    }
}

/// Reads a frame that came on this link: the parser by itself, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(frame: &[u8], link: &vmkit_plugin::Link) {
    std::hint::black_box(frame::reply(frame, link));
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = ArpProbe);
