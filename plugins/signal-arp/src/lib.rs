//! The host's neighbour table: the addresses that the kernel has seen on each MAC.
//!
//! Discovery reads the tables of IPv4 and IPv6 and reports the addresses on the machines' MACs. The packets
//! of other signals' probes make the kernel find out who has an address. So confirmation comes after them,
//! reads the entries of the candidates again, and reports who holds each.

#![deny(unsafe_code)]

mod findings;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod parse;
mod snapshot;
mod table;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use vmkit_plugin::{Cx, Mac, NoConfig, Plugin, Result, Signal, Source, Stage, Subject};

use snapshot::Recorded;
use table::{AddressCounts, Entry, Interest};

/// Timeout of reading the neighbour table. The kernel gives 100,000 entries in some 40 ms, and macOS's
/// `arp` takes as long.
const LONGEST_READ: Duration = Duration::from_secs(1);

/// The plugin, with what it has read in this run.
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
        if cx.stage() == Stage::Discover {
            cx.emit_all(findings::without_mac(vms))?;
        }
        let interest = Interest::new(vms);
        if interest.is_empty() {
            return Ok(());
        }
        if (cx.source(), cx.stage()) == (Source::Snapshot, Stage::Discover)
            && !snapshot::has_table(cx)
        {
            return cx.emit_all(findings::without_table(vms));
        }
        let blank = cx.stage() == Stage::Discover && self.names_nobody(cx)?;
        let (entries, result) = match (cx.source(), cx.stage()) {
            (Source::Snapshot, Stage::Discover) => snapshot::read(&interest, cx),
            (Source::Snapshot, Stage::Confirm) => snapshot::read_again(&interest, cx),
            (Source::Live | Source::Recording, _) => self.look(&interest, cx)?,
        };
        let entries = table::without_undated_copies(entries);
        cx.check()?;
        cx.emit_all(match cx.stage() {
            Stage::Discover if blank => findings::names_nobody(vms),
            Stage::Discover => findings::discover(&entries, &interest),
            Stage::Confirm => {
                let counts = self.count(&interest.strangers(&entries), cx);
                findings::confirm(&entries, &interest, vms, &counts)
            }
        })?;
        result
    }
}

impl Arp {
    /// How many addresses of the whole table are on each of these MACs.
    fn count(&self, macs: &HashSet<Mac>, cx: &Cx<'_>) -> AddressCounts {
        if macs.is_empty() {
            return AddressCounts::new();
        }
        if cx.source() == Source::Snapshot {
            return snapshot::count(macs, cx);
        }
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.table.as_ref().map(|table| table.count(macs)).unwrap_or_default()
    }

    /// Whether the table is one of macOS that names nobody at all.
    fn names_nobody(&self, cx: &Cx<'_>) -> Result<bool> {
        if cx.source() == Source::Snapshot {
            return snapshot::names_nobody(cx);
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Seen::default();
        let table = platform::read(cx, cx.remaining().min(LONGEST_READ))?;
        Ok(seen.table.insert(table).names_nobody())
    }

    /// The relevant entries of this stage, and whether they could be recorded.
    fn look(&self, interest: &Interest, cx: &Cx<'_>) -> Result<(Vec<Entry>, Result<()>)> {
        let budget = cx.remaining().min(LONGEST_READ);
        let records = cx.source() == Source::Recording;
        // After a panic, this is the table of an earlier call, which does no harm.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Seen { table, again } = &mut *seen;
        let table = match table {
            Some(table) => table,
            None => table.insert(platform::read(cx, budget)?),
        };
        Ok(match cx.stage() {
            Stage::Discover if records => snapshot::record(&table.texts(budget), interest, cx),
            Stage::Discover => (table.entries(interest, budget), Ok(())),
            Stage::Confirm => {
                let found = table.again(cx, interest, budget)?;
                if records { again.add(&found, cx) } else { (found, Ok(())) }
            }
        })
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Arp);
