//! `vm list`.

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use vmkit_inventory::Source;
use vmkit_model::{Machine, NetworkChoice, Power};
use vmkit_plugin_commands::{Ended, Front, answer};
use vmkit_report::{ListedNetwork, ListedVm, MachineList};
use vmkit_types::Reading;

use crate::work::{Work, no_directory, print_problems};

/// The networks that were chosen for machines, by name.
type Networks = BTreeMap<String, NetworkChoice>;

/// Shows the machines of the data directory.
pub(crate) fn list(json: bool, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let began = Instant::now();
    let (location, _) = front.settings.location()?;
    let machines = if location.data_directory.exists() {
        let work = Work::open(front, quiet)?;
        let inventory = work.inventory();
        print_problems(&inventory.problems, quiet);
        let networks = work.data.networks()?;
        inventory.machines.iter().map(|machine| listed(machine, &networks)).collect()
    } else if location.source == Source::Default {
        // Nobody has made a machine yet.
        print_missing(&location.data_directory, quiet);
        Vec::new()
    } else {
        let why = format!("the data directory does not exist ({})", location.source);
        let directory = location.data_directory;
        return Err(vmkit_session::Error::NoDataDirectory { directory, why }.into());
    };
    let (generated_at, elapsed) = (SystemTime::now(), began.elapsed());
    let list = MachineList { machines, generated_at, elapsed };
    answer(|out| if json { list.write_json(out) } else { list.write_text(out, front.terminal) })?;
    Ok(Ended::Well)
}

fn print_missing(path: &std::path::Path, quiet: bool) {
    if !quiet {
        vmkit_plugin_commands::note(&format!("warning: {}\n", no_directory(path)));
    }
}

fn listed(machine: &Machine, networks: &Networks) -> ListedVm {
    let runs = matches!(machine.power, Power::Running | Power::Paused);
    let network = if runs { of_process(machine) } else { of_next_start(machine, networks) };
    ListedVm {
        name: machine.own_name.clone(),
        power: machine.power,
        network,
        disk: machine.disk_size.clone(),
        memory_mb: machine.memory_mb.clone(),
        cpus: machine.vcpus.clone(),
    }
}

fn of_process(machine: &Machine) -> Reading<ListedNetwork> {
    machine
        .cards
        .reachable()
        .net
        .clone()
        .map(|net| ListedNetwork { mode: net.mode, interface: net.interface })
}

/// The network that was chosen for the machine.
fn of_next_start(machine: &Machine, networks: &Networks) -> Reading<ListedNetwork> {
    networks.get(&machine.own_name).map_or(Reading::Absent, |choice| {
        let mode = choice.mode.network_mode();
        Reading::Known(ListedNetwork { mode, interface: choice.bridge.clone() })
    })
}
