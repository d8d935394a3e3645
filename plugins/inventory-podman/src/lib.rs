//! Machines of podman, by the JSON files of `podman machine` and their processes.

#![deny(unsafe_code)]

mod machine;

use vmkit_listing::{Machines, ManagerFile, Processes, stem};
use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Result, Unread};

/// Longest file that is read, in bytes. podman writes some kilobytes.
const FILE_LIMIT: u64 = 1 << 20;

/// The machines' files, one folder for each kind of hypervisor, on Linux and on macOS.
const MACHINES: &str = "{home}/.config/containers/podman/machine/*/*.json";

/// The plugin.
pub struct Podman;

impl Plugin for Podman {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Podman {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machines = Machines::new();
        let processes = Processes::of(cx);
        let paths = machines.files(cx, &[MACHINES]);
        let machine = |file: &ManagerFile| machine::machine(file, &processes).map(Some);
        machines.read_each(cx, &paths, FILE_LIMIT, stem, machine)?;
        machines.finish()
    }
}

/// Reads a machine's file with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> Result<ListedMachine, Unread> {
    let file = ManagerFile { path: "/m/qemu/web.json".to_owned(), owner: 0, bytes: bytes.to_vec() };
    machine::machine(&file, &Processes::unseen())
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Podman);
