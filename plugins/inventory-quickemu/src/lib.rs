//! VMs of quickemu, by their `.conf` files and processes.
//!
//! quickemu knows no place of its own: a `.conf` file lies wherever its user has put it. The usual folders
//! are read, and a VM that runs is recognised by its process, wherever its file is.

#![deny(unsafe_code)]

mod config;
mod process;

use vmkit_listing::{Machines, ManagerFile, Processes, here, read, stem};
use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Reading, Result, Unread};

/// Longest `.conf` file that is read, in bytes. Users write some hundred.
const FILE_LIMIT: u64 = 1 << 20;

/// Longest `.ports` file that is read, in bytes: four lines.
const PORTS_LIMIT: u64 = 4096;

/// Folders in which users keep `.conf` files, on Linux.
pub const LINUX: &[&str] = &[
    "{home}/quickemu/*.conf",
    "{home}/Quickemu/*.conf",
    "{home}/VMs/*.conf",
    "{home}/vms/*.conf",
    "{home}/VirtualMachines/*.conf",
];

/// The same on macOS, whose disks ignore case.
pub const MACOS: &[&str] =
    &["{home}/quickemu/*.conf", "{home}/VMs/*.conf", "{home}/VirtualMachines/*.conf"];

/// The plugin.
pub struct Quickemu;

impl Plugin for Quickemu {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Quickemu {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machines = Machines::new();
        let processes = Processes::of(cx);
        let paths = machines.files(cx, here(LINUX, MACOS));
        let machine = |file: &ManagerFile| {
            let Some(config) = config::read(file)? else { return Ok(None) };
            let ports = config.ports_file().map_or(Reading::Absent, |path| ports(cx, &path));
            Ok(Some(process::of_config(file, config, &processes, ports)))
        };
        machines.read_each(cx, &paths, FILE_LIMIT, stem, machine)?;
        for process in processes.all() {
            cx.check()?;
            if !machines.has_process(process.pid)
                && let Some(machine) = process::running(process)
            {
                machines.add(machine);
            }
        }
        machines.finish()
    }
}

/// The port of SSH that quickemu chose when the machine was last started.
fn ports(cx: &Cx<'_>, path: &str) -> Reading<u16> {
    match read(cx, path, PORTS_LIMIT) {
        Reading::Known(file) => config::ssh_port(&file),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}

/// Reads a `.conf` file with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> Result<Option<ListedMachine>, Unread> {
    let path = "/home/ann/VMs/web.conf".to_owned();
    let file = ManagerFile { path, owner: 0, bytes: bytes.to_vec() };
    let ports = config::ssh_port(&file);
    let machine = |config| process::of_config(&file, config, &Processes::unseen(), ports);
    config::read(&file).map(|config| config.map(machine))
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Quickemu);
