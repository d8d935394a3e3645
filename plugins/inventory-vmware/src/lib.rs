//! VMs of VMware Workstation, Player and Fusion, by their `.vmx` files and processes.
//!
//! VMware keeps no list of all machines: its library has those that a window has shown, and scripts start
//! others. Both the library and the usual folders are read.

#![deny(unsafe_code)]

mod cards;
mod places;
mod settings;
mod vmx;

pub use places::{LINUX, MACOS, Places};

use vmkit_listing::{Machines, ManagerFile, Processes, belongs_to, here, read, run_by, stem};
use vmkit_plugin::{
    Cx, Inventory, ListedMachine, MachineState, NoConfig, Plugin, Reading, Result, Unread,
};

/// Longest file that is read, in bytes: with hundreds of devices a `.vmx` has some tens of kilobytes.
const FILE_LIMIT: u64 = 1 << 20;

/// The plugin.
pub struct Vmware;

impl Plugin for Vmware {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Vmware {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        list(cx, &here(LINUX, MACOS))
    }
}

/// The machines at these places.
pub fn list(cx: &Cx<'_>, places: &Places) -> Result<Vec<ListedMachine>> {
    let mut machines = Machines::new();
    let processes = Processes::of(cx);
    let found = machines.files(cx, places.machines);
    machines.read_each(cx, &found, FILE_LIMIT, stem, |file| {
        vmx::machine(file, places).map(|machine| Some(with_process(machine, file, &processes)))
    })?;
    let library = match read(cx, places.library, FILE_LIMIT) {
        Reading::Known(file) => vmx::library(&file),
        Reading::Absent => Ok(Vec::new()),
        Reading::Unknown(why) => Err(why),
    };
    match library {
        Ok(paths) => add_others(&mut machines, cx, paths, places, &processes)?,
        Err(why) => machines.miss(why),
    }
    machines.finish()
}

/// Adds the machines of the library that lie elsewhere than in the usual folders.
fn add_others(
    machines: &mut Machines,
    cx: &Cx<'_>,
    mut paths: Vec<String>,
    places: &Places,
    processes: &Processes,
) -> Result<()> {
    paths.retain(|path| !machines.has(path));
    for path in paths {
        cx.check()?;
        let machine = match read(cx, &path, FILE_LIMIT) {
            Reading::Known(file) => {
                vmx::machine(&file, places).map(|machine| with_process(machine, &file, processes))
            }
            Reading::Absent => {
                let mut gone = ListedMachine::new(path.as_str(), stem(&path));
                gone.state = Reading::Known(MachineState::Missing);
                Ok(gone)
            }
            Reading::Unknown(why) => Err(why),
        };
        machines.add_or_why(&path, stem(&path), machine);
    }
    Ok(())
}

fn with_process(
    mut machine: ListedMachine,
    file: &ManagerFile,
    processes: &Processes,
) -> ListedMachine {
    let process = processes
        .find(|process| belongs_to(process, file.owner) && process.arguments.contains(&file.path));
    run_by(&mut machine, &process);
    machine
}

/// Reads a `.vmx` file and a library with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> (Result<ListedMachine, Unread>, Result<Vec<String>, Unread>) {
    let file = ManagerFile { path: "/vms/web.vmx".to_owned(), owner: 0, bytes: bytes.to_vec() };
    (vmx::machine(&file, &LINUX), vmx::library(&file))
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Vmware);
