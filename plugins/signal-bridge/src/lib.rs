//! What the host's bridges know of the machines' MACs, without root.
//!
//! Every bridge learns behind which of its ports a MAC is: that tells the ports of several machines apart.
//! Over Wi-Fi macOS replaces each machine's MAC by the host's own, and its bridge keeps the address that
//! each MAC has: that is the kernel's own record of a machine's address.

#![deny(unsafe_code)]

mod fdb;
mod findings;
mod ifconfig;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod table;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;

use vmkit_plugin::{
    Cx, Error, ErrorCode, NoConfig, Plugin, Result, Signal, Source, Stage, Subject,
};

use table::{FDB, IFCONFIG, TEXT_LIMIT, Table};

/// The plugin.
pub struct Bridge;

impl Plugin for Bridge {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for Bridge {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Discover || vms.iter().all(|vm| vm.macs.is_empty()) {
            return Ok(());
        }
        let table = match cx.source() {
            Source::Snapshot => recorded(cx)?,
            Source::Live | Source::Recording => live(cx)?,
        };
        cx.check()?;
        cx.emit_all(findings::discover(&table, vms))?;
        match table.without_macs.as_slice() {
            [] => Ok(()),
            bridges => {
                let bridges = bridges.join(", ");
                Err(Error::new(ErrorCode::Other, format!("the MACs of {bridges} were not shown")))
            }
        }
    }
}

/// Reads the bridges, and records the text.
fn live(cx: &Cx<'_>) -> Result<Table> {
    let (name, text) = platform::text(cx)?;
    cx.record(name, text.as_bytes())?;
    parse(name, text.as_bytes())
}

/// The table of a snapshot.
fn recorded(cx: &Cx<'_>) -> Result<Table> {
    for name in [IFCONFIG, FDB] {
        if let Some(text) = cx.read_artefact(name, TEXT_LIMIT)? {
            return parse(name, &text);
        }
    }
    Ok(Table::default())
}

fn parse(name: &str, text: &[u8]) -> Result<Table> {
    if name == IFCONFIG {
        return Ok(ifconfig::parse(&String::from_utf8_lossy(text)));
    }
    fdb::parse(name, text)
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Bridge);
