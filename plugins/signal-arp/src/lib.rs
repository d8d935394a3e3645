//! The host's neighbour table: the addresses that the kernel has seen on each MAC.
//!
//! Discovery reads the tables of IPv4 and IPv6 and reports the addresses on the machines' MACs. The packets
//! of other signals' probes make the kernel find out who has an address. So confirmation comes after them,
//! reads the entries of the candidates again, and reports who holds each.

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
    /// The relevant entries of this stage, and whether they could be recorded.
    fn look(&self, interest: &Interest, cx: &Cx<'_>) -> Result<(Vec<Entry>, Result<()>)> {
        let budget = cx.remaining().min(LONGEST_READ);
        let records = cx.source() == Source::Recording;
        // After a panic, this is the table of an earlier call, which does no harm.
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
