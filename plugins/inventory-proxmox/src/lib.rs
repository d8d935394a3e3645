//! VMs of Proxmox VE on this node, by their configuration files and processes. The files are root's.
//! Without root's rights, only VMs that run are seen, by their processes.

#![deny(unsafe_code)]

mod card;
mod config;
mod process;

use vmkit_listing::{Machines, ManagerFile, Processes, run_by, stem};
use vmkit_plugin::{Cx, Error, Inventory, ListedMachine, NoConfig, Plugin, Result, Unread};

/// Longest file that is read, in bytes. Snapshots hold the machine again.
const FILE_LIMIT: u64 = 1 << 20;

/// The configurations of this node's machines. Those of other nodes are beside them.
const MACHINES: &str = "/etc/pve/qemu-server/*.conf";

/// The plugin.
pub struct Proxmox;

impl Plugin for Proxmox {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Proxmox {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machines = Machines::new();
        let processes = Processes::of(cx);
        let paths = match cx.files(MACHINES) {
            Ok(paths) => paths,
            Err(error) => {
                add_running(&mut machines, &processes, error);
                Vec::new()
            }
        };
        let machine = |file: &ManagerFile| {
            let number = stem(&file.path);
            let mut machine = config::machine(file, number)?;
            let process = processes.find(|process| process::number(process) == Some(number));
            run_by(&mut machine, &process);
            Ok(Some(machine))
        };
        machines.read_each(cx, &paths, FILE_LIMIT, stem, machine)?;
        machines.finish()
    }
}

/// Adds the machines that run, because the list of all of them cannot be read for this reason.
fn add_running(machines: &mut Machines, processes: &Processes, error: Error) {
    let why = Unread::from(error.clone());
    machines.miss(error);
    for process in processes.all() {
        if let Some(machine) = process::machine(process, &why) {
            machines.add(machine);
        }
    }
}

/// Reads the configuration of machine 100 with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> Result<ListedMachine, Unread> {
    let path = "/etc/pve/qemu-server/100.conf".to_owned();
    config::machine(&ManagerFile { path, owner: 0, bytes: bytes.to_vec() }, "100")
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Proxmox);
