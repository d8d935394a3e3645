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
#[cfg(any(target_os = "macos", test))]
mod parse;
mod table;

use std::time::Duration;

use serde::Deserialize;
use vmkit_plugin::{Cx, Plugin, Result, Signal, Stage, Subject};

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
        let entries = read(&interest, cx.remaining().min(LONGEST_READ))?;
        cx.check()?;
        cx.emit_all(match cx.stage() {
            Stage::Discover => findings::discover(&entries, &interest),
            Stage::Confirm => findings::confirm(&entries, &interest, vms),
        })
    }
}

/// The entries of the table that matter to this batch.
fn read(interest: &Interest, budget: Duration) -> Result<Vec<Entry>> {
    #[cfg(target_os = "linux")]
    return linux::read(interest, budget);
    #[cfg(target_os = "macos")]
    return arp_command::read(arp_command::ARP, interest, budget);
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    {
        let _ = (interest, budget);
        Err(vmkit_plugin::Error::new(
            vmkit_plugin::ErrorCode::Unsupported,
            "read the neighbour table: this platform has no known way",
        ))
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Arp);
