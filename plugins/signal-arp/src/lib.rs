//! The host's neighbour table: which address the kernel has seen on which MAC.
//!
//! Discovery reads the table and reports the addresses that it ties to the machines' MACs.
//! Confirmation, which follows within milliseconds, tells from the same table who holds each
//! candidate address. IPv4 only.

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

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

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

/// The plugin, with the table that the last discovery has read.
pub struct Arp(Mutex<Option<platform::Table>>);

impl Plugin for Arp {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self(Mutex::default()))
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
            Source::Live => (self.live(&interest, cx)?, Ok(())),
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

impl Arp {
    fn live(&self, interest: &Interest, cx: &Cx<'_>) -> Result<Vec<Entry>> {
        let budget = cx.remaining().min(LONGEST_READ);
        // A call that panicked leaves the table of an earlier one, which is as good as none.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = match (cx.stage(), last.take()) {
            (Stage::Confirm, Some(table)) => table,
            _ => platform::read(budget)?,
        };
        let entries = table.entries(interest, budget);
        if cx.stage() == Stage::Discover {
            *last = Some(table);
        }
        Ok(entries)
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
