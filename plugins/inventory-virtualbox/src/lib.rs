//! VMs of VirtualBox: those that the user's `VirtualBox.xml` registers, by their `.vbox` files and
//! processes.

#![deny(unsafe_code)]

mod disks;
mod machine;
mod network;
mod registry;

use vmkit_listing::{
    Machines, Processes, belongs_to, here, plain_name, read, run_by, stem, unread_machine,
};
use vmkit_plugin::{
    Cx, Inventory, ListedMachine, MachineState, NoConfig, Plugin, ProcessAnswer, Reading, Result,
    Unread,
};

use registry::Entry;

/// Longest file that is read, in bytes. Snapshots make a `.vbox` file long: each holds the machine again.
const FILE_LIMIT: u64 = 4 << 20;

/// Where VirtualBox keeps what it knows, on Linux: today, and before version 4.3.
pub const LINUX: &[&str] =
    &["{home}/.config/VirtualBox/VirtualBox.xml", "{home}/.VirtualBox/VirtualBox.xml"];

/// The same on macOS.
pub const MACOS: &[&str] = &["{home}/Library/VirtualBox/VirtualBox.xml"];

/// The plugin.
pub struct VirtualBox;

impl Plugin for VirtualBox {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for VirtualBox {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        list(cx, here(LINUX, MACOS))
    }
}

/// The machines that these files register.
pub fn list(cx: &Cx<'_>, registries: &[&str]) -> Result<Vec<ListedMachine>> {
    let mut machines = Machines::new();
    let processes = Processes::of(cx);
    for path in registries {
        let registry = match read(cx, path, FILE_LIMIT) {
            Reading::Known(file) => registry::entries(&file).map(|entries| (entries, file.owner)),
            Reading::Absent => continue,
            Reading::Unknown(why) => Err(why),
        };
        match registry {
            Ok((entries, owner)) => {
                for entry in entries {
                    cx.check()?;
                    machines.add(registered(cx, &entry, owner, &processes));
                }
            }
            Err(why) => machines.miss(why),
        }
    }
    machines.finish()
}

/// The machine of this entry of a registry of this user's. One whose file lies elsewhere than in the usual
/// folder cannot be read, and runs all the same.
fn registered(cx: &Cx<'_>, entry: &Entry, owner: u32, processes: &Processes) -> ListedMachine {
    let machine = match read(cx, &entry.path, FILE_LIMIT) {
        Reading::Known(file) => machine::machine(&file, &entry.uuid),
        Reading::Absent => {
            let mut gone = ListedMachine::new(entry.uuid.as_str(), stem(&entry.path));
            gone.state = Reading::Known(MachineState::Missing);
            return gone;
        }
        Reading::Unknown(why) => Err(why),
    };
    let mut machine = machine.unwrap_or_else(|why| {
        let name = plain_name(stem(&entry.path), &entry.uuid);
        unread_machine(entry.uuid.as_str(), name, &why)
    });
    let process = processes
        .find(|process| belongs_to(process, owner) && starts(process, &entry.uuid, &machine.name));
    run_by(&mut machine, &process);
    machine
}

/// Whether the process's command line starts the machine of this UUID or name.
fn starts(process: &ProcessAnswer, uuid: &str, name: &str) -> bool {
    process.arguments.windows(2).any(|pair| {
        let is_option = matches!(pair[0].as_str(), "--startvm" | "-startvm" | "-s");
        is_option && (registry::plain_uuid(&pair[1]) == uuid || pair[1] == name)
    })
}

/// Reads a `.vbox` file and a registry with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> (Result<ListedMachine, Unread>, usize) {
    let file = vmkit_listing::ManagerFile {
        path: "/vms/web/web.vbox".to_owned(),
        owner: 0,
        bytes: bytes.to_vec(),
    };
    (machine::machine(&file, "uuid"), registry::entries(&file).map_or(0, |entries| entries.len()))
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = VirtualBox);
