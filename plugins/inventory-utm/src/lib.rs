//! The machines of UTM, of both backends.

#![deny(unsafe_code)]

mod configuration;
mod process;

use vmkit_formats::{MAX_BYTES, plist};
use vmkit_listing::{Machines, ManagerFile, Processes, folder, run_by, ssh_endpoint, stem};
use vmkit_plugin::{Cx, Inventory, ListedMachine, MachineState, NoConfig, Plugin, Reading, Result};

use crate::configuration::{Backend, Configuration};

/// Where UTM keeps machines. Those that the user put elsewhere are known to UTM alone.
const CONFIGURATIONS: &str =
    "{home}/Library/Containers/com.utmapp.UTM/Data/Documents/*.utm/config.plist";

/// The plugin.
pub struct Utm;

impl Plugin for Utm {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Utm {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let processes = Processes::of(cx);
        let mut machines = Machines::new();
        let paths = machines.files(cx, &[CONFIGURATIONS]);
        machines.read_each(
            cx,
            &paths,
            MAX_BYTES as u64,
            |path| stem(folder(path)),
            |file| {
                let list = plist::parse(&file.bytes).map_err(|error| file.malformed(error))?;
                let configuration = Configuration::new(&list, folder(&file.path));
                let configuration = configuration.map_err(|why| file.malformed(why))?;
                Ok(Some(listed(file, configuration, &processes)))
            },
        )?;
        machines.finish()
    }
}

fn listed(
    file: &ManagerFile,
    configuration: Configuration,
    processes: &Processes,
) -> ListedMachine {
    let mut machine = ListedMachine::new(&file.path, &configuration.name);
    let process = process::of(&configuration, file, processes);
    run_by(&mut machine, &process);
    machine.forwards = match configuration.backend {
        Backend::Qemu => Reading::Known(configuration.forwards),
        Backend::Apple => Reading::Absent,
    };
    machine.ssh = match machine.state {
        Reading::Known(MachineState::Running) => ssh_endpoint(&machine.forwards),
        Reading::Known(_) | Reading::Absent => Reading::Absent,
        Reading::Unknown(ref why) => Reading::Unknown(why.clone()),
    };
    machine.cards = Reading::Known(configuration.cards);
    machine.disks = Reading::Known(configuration.disks);
    // UTM reaches both over a channel of its own.
    machine.monitor = Reading::Absent;
    machine.guest_agent = Reading::Absent;
    machine
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Utm);
