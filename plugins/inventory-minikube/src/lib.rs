//! Nodes of minikube that are VMs, by the files of its machines and their processes. Nodes that are
//! containers are no machines here.

#![deny(unsafe_code)]

mod drivers;
mod machine;

use vmkit_listing::{Machines, ManagerFile, Processes, folder, stem};
use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Result, Unread};

/// Longest file that is read, in bytes. minikube writes some kilobytes.
const FILE_LIMIT: u64 = 1 << 20;

/// The machines' files, on Linux and on macOS.
const MACHINES: &str = "{home}/.minikube/machines/*/config.json";

/// The plugin.
pub struct Minikube;

impl Plugin for Minikube {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Minikube {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machines = Machines::new();
        let processes = Processes::of(cx);
        let paths = machines.files(cx, &[MACHINES]);
        let machine = |file: &ManagerFile| machine::machine(file, &processes);
        machines.read_each(cx, &paths, FILE_LIMIT, |path| stem(folder(path)), machine)?;
        machines.finish()
    }
}

/// Reads a machine's file with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> Result<Option<ListedMachine>, Unread> {
    let path = "/home/ann/.minikube/machines/web/config.json".to_owned();
    machine::machine(&ManagerFile { path, owner: 0, bytes: bytes.to_vec() }, &Processes::unseen())
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Minikube);
