//! VMs that vfkit runs, by its command line: vfkit keeps no files of machines, and a machine ends with
//! its process. What starts vfkit for its own machines, such as podman, lists them as well.

#![deny(unsafe_code)]

mod line;

use vmkit_listing::{Machines, absolute, plain_name, run_by, stem};
use vmkit_plugin::{
    Cx, Inventory, ListedMachine, NoConfig, Plugin, ProcessAnswer, Reading, Result,
};

use line::Line;

/// The plugin.
pub struct Vfkit;

impl Plugin for Vfkit {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Vfkit {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machines = Machines::new();
        for process in cx.processes()? {
            cx.check()?;
            machines.add(machine(&process));
        }
        machines.finish()
    }
}

/// The machine of this process. It is known by its first disk, after which it is called, too.
#[doc(hidden)]
pub fn machine(process: &ProcessAnswer) -> ListedMachine {
    let line = Line::read(&process.arguments);
    let place = |path: &String| match process.directory.as_deref() {
        Some(folder) => Some(absolute(folder, path)),
        None => path.starts_with('/').then(|| absolute("", path)),
    };
    let disks: Vec<String> = line.disks.iter().filter_map(place).collect();
    let id = disks.first().cloned().unwrap_or_else(|| format!("process {}", process.pid));
    let name = line.disks.first().map_or("vfkit", |disk| stem(disk));
    let mut machine = ListedMachine::new(id, plain_name(name, "vfkit"));
    run_by(&mut machine, &Reading::Known(process));
    machine.cards = line.cards;
    machine.console = line.console.as_ref().and_then(place).map_or(Reading::Absent, Reading::Known);
    machine.disks = Reading::Known(disks);
    machine
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Vfkit);
