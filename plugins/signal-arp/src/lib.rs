//! The host's neighbour table: which address the kernel has seen on which MAC.
//!
//! Discovery reads the table of IPv4 and IPv6 and reports the addresses that it ties to the machines'
//! MACs. Confirmation comes after the probes of the other signals, whose packets have the kernel find
//! out who has an address: it looks once more, at the candidates alone, and tells who holds each.

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

use vmkit_plugin::{Cx, NoConfig, Plugin, Result, Signal, Source, Stage, Subject};

use snapshot::Recorded;
use table::{Entry, Interest};

/// Longest wait for the neighbour table. The kernel gives 100,000 entries in some 40 ms, and
/// macOS's `arp` takes as long: what has not come in a second will not come.
const LONGEST_READ: Duration = Duration::from_secs(1);

/// The plugin, with what it has seen in this look at the machines.
pub struct Arp(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    table: Option<platform::Table>,
    again: Recorded,
}

impl Plugin for Arp {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
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
        let (entries, result) = match (cx.source(), cx.stage()) {
            (Source::Snapshot, Stage::Discover) => snapshot::read(&interest, cx),
            (Source::Snapshot, Stage::Confirm) => snapshot::read_again(&interest, cx),
            (Source::Live | Source::Recording, _) => self.look(&interest, cx)?,
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
    /// The entries that matter in this stage, and whether they could be recorded.
    fn look(&self, interest: &Interest, cx: &Cx<'_>) -> Result<(Vec<Entry>, Result<()>)> {
        let budget = cx.remaining().min(LONGEST_READ);
        let records = cx.source() == Source::Recording;
        // A call that panicked leaves the table of an earlier one, which is as good as none.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cx.stage() == Stage::Discover {
            *seen = Seen::default();
        }
        let Seen { table, again } = &mut *seen;
        let table = match table {
            Some(table) => table,
            None => table.insert(platform::read(budget)?),
        };
        Ok(match cx.stage() {
            Stage::Discover if records => snapshot::record(&table.texts(budget), interest, cx),
            Stage::Discover => (table.entries(interest, budget), Ok(())),
            Stage::Confirm => {
                let found = table.again(interest, budget)?;
                if records { again.add(&found, cx) } else { (found, Ok(())) }
            }
        })
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Arp);
