//! Domains of libvirt's QEMU driver, from the files in which libvirt keeps them.
//!
//! libvirt writes what is defined below `/etc/libvirt`, and what runs below `/run/libvirt`; for the
//! domains of a user below `~/.config/libvirt`, and what of them runs below `$XDG_RUNTIME_DIR/libvirt`, or
//! where that is not set below `~/.cache/libvirt` (`virQEMUDriverConfigNew` in libvirt's
//! `src/qemu/qemu_conf.c`). Plugins read nothing below `$XDG_RUNTIME_DIR`, so what runs of a user's
//! domains is known by their processes. The system's files are root's on most distributions. Without
//! root's rights their names, libvirt's pid files and the processes remain.

#![deny(unsafe_code)]

mod cards;
mod connection;
mod domain;
mod networks;
mod sources;

use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Reading, Result};

use connection::Processes;
use sources::{SESSION, SYSTEM, Sources};

/// The plugin.
pub struct Libvirt;

impl Plugin for Libvirt {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Libvirt {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let processes: Processes = match cx.processes() {
            Ok(processes) => Reading::Known(
                processes.iter().map(|process| (process.pid, connection::line(process))).collect(),
            ),
            Err(error) => Reading::Unknown(error.into()),
        };
        let mut machines = Vec::new();
        let mut hidden = None;
        for place in [&SYSTEM, &SESSION] {
            let sources = Sources::read(place, cx)?;
            machines.extend(connection::machines(&sources, &processes));
            for why in sources.hidden() {
                tracing::warn!("domains may be missing: {why}");
                hidden.get_or_insert(why);
            }
        }
        match hidden {
            Some(why) if machines.is_empty() => Err(why.into()),
            _ => Ok(machines),
        }
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Libvirt);
