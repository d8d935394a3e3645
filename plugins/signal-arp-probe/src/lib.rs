//! Asks by ARP who has each candidate address, and counts who answers. No other signal can see that
//! two hosts have one address, because the kernel's table keeps only one of them.
//!
//! It only confirms, and only IPv4 addresses. The host asks for it.

#![deny(unsafe_code)]

mod findings;
mod outcome;
mod snapshot;

use std::net::IpAddr;

use vmkit_plugin::{Cx, NoConfig, Plugin, Result, Signal, Source, Stage, Subject};
use vmkit_probing::Target;

use crate::outcome::Answer;

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
            Source::Live | Source::Recording => ask(&targets, cx)?,
        };
        // All together: the scoring lets one call's observations replace those of an earlier call.
        cx.emit_all(findings::findings(&answers, &targets, vms))?;
        snapshot::record(&answers, cx)
    }
}

/// Has the host ask for the targets that have IPv4 addresses. Those on no link of the host are skipped.
fn ask(targets: &[Target], cx: &Cx<'_>) -> Result<Vec<Answer>> {
    let of_target = |target: &Target| match target.address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    };
    let addresses: Vec<_> = targets.iter().filter_map(of_target).collect();
    let answers = cx.who_has(&addresses)?.into_iter();
    Ok(answers.map(Answer::of_now).collect())
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = ArpProbe);
