//! The machines of Parallels Desktop.

#![deny(unsafe_code)]

mod configuration;

use vmkit_formats::{
    MAX_BYTES,
    xml::{self, Element},
};
use vmkit_listing::{
    Machines, ManagerFile, Processes, belongs_to, folder, plain_name, run_by, stem,
};
use vmkit_plugin::{
    Cx, Inventory, ListedMachine, NoConfig, Plugin, ProcessAnswer, Reading, Result, Unread,
};

/// Where Parallels keeps machines. It also offers `/Users/Shared`, which no manifest may name.
const CONFIGURATIONS: [&str; 4] = [
    "{home}/Parallels/*.pvm/config.pvs",
    "{home}/Parallels/*.macvm/config.pvs",
    "{home}/Documents/Parallels/*.pvm/config.pvs",
    "{home}/Documents/Parallels/*.macvm/config.pvs",
];

/// The plugin.
pub struct Parallels;

impl Plugin for Parallels {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Parallels {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let processes = Processes::of(cx);
        let mut machines = Machines::new();
        let paths = machines.files(cx, &CONFIGURATIONS);
        machines.read_each(
            cx,
            &paths,
            MAX_BYTES as u64,
            |path| stem(folder(path)),
            |file| {
                let root = xml::parse(&file.bytes).map_err(|error| file.malformed(error))?;
                if configuration::is_template(&root) {
                    return Ok(None);
                }
                listed(file, &root, &processes).map(Some)
            },
        )?;
        machines.finish()
    }
}

fn listed(
    file: &ManagerFile,
    root: &Element,
    processes: &Processes,
) -> Result<ListedMachine, Unread> {
    let bundle = folder(&file.path);
    let uuid = configuration::uuid(root).ok_or_else(|| file.malformed("has no VmUuid"))?;
    let name = plain_name(configuration::name(root).unwrap_or_default(), stem(bundle));
    let mut machine = ListedMachine::new(&file.path, name);
    let process = processes.find(|process| belongs_to(process, file.owner) && is_of(process, uuid));
    run_by(&mut machine, &process);
    machine.cards = Reading::Known(configuration::cards(root));
    machine.disks = Reading::Known(configuration::disks(root, bundle));
    machine.ssh = Reading::Absent;
    machine.monitor = Reading::Absent;
    machine.guest_agent = Reading::Absent;
    Ok(machine)
}

/// Whether a process runs the machine: `prl_vm_app … --uuid {UUID}`.
fn is_of(process: &ProcessAnswer, uuid: &str) -> bool {
    let mut pairs = process.arguments.windows(2);
    pairs.any(|pair| pair[0] == "--uuid" && pair[1].eq_ignore_ascii_case(uuid))
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Parallels);
