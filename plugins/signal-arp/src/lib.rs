//! The host's neighbour table: which address the kernel has seen on which MAC.
//!
//! Discovery reports the addresses that the table ties to the machines' MACs. Confirmation reads
//! the table afresh and tells who holds each candidate address. IPv4 only.

#![deny(unsafe_code)]

#[cfg(any(target_os = "macos", test))]
mod arp_command;
mod findings;
#[cfg(target_os = "linux")]
mod linux;
mod parse;
mod snapshot;
mod table;

#[cfg(target_os = "macos")]
use arp_command as platform;
#[cfg(target_os = "linux")]
use linux as platform;

use std::time::Duration;

use serde::Deserialize;
use vmkit_plugin::{Cx, Plugin, Result, Signal, Source, Stage, Subject};

use table::{Entry, Interest};

/// Longest wait for the neighbour table. The kernel gives 100,000 entries in some 40 ms, and
/// macOS's `arp` takes as long: what has not come in a second will not come.
const LONGEST_READ: Duration = Duration::from_secs(1);

/// Nothing can be set.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// The plugin.
pub struct Arp;

impl Plugin for Arp {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for Arp {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        let interest = Interest::new(vms);
        if interest.is_empty() {
            return Ok(());
        }
        let (entries, result) = match cx.source() {
            Source::Snapshot => snapshot::read(&interest, cx),
            Source::Live => (platform::read(&interest, cx.remaining().min(LONGEST_READ))?, Ok(())),
            Source::Recording => recorded(cx)?,
        };
        cx.check()?;
        cx.emit_all(match cx.stage() {
            Stage::Discover => findings::discover(&entries, &interest),
            Stage::Confirm => findings::confirm(&entries, &interest, vms),
        })?;
        result
    }
}

/// The whole table, and whether it could be recorded. That of the first stage is recorded: a
/// snapshot holds one.
fn recorded(cx: &Cx<'_>) -> Result<(Vec<Entry>, Result<()>)> {
    let whole = platform::read_whole(cx.remaining().min(LONGEST_READ))?;
    let result = match cx.stage() {
        Stage::Discover => snapshot::record(&whole, cx),
        Stage::Confirm => Ok(()),
    };
    Ok((whole.entries, result))
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Arp);
