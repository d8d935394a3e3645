//! The instances in a daemon's answer.

use vmkit_listing::{Json, ManagerFile, Processes, plain_name, ssh_endpoint, unread_machine};
use vmkit_plugin::{ListedMachine, MachineState, Reading, Unread};

use crate::{devices, network};

/// Most instances that are read.
const MOST_INSTANCES: usize = 4096;

/// The project whose instances are called by their names alone.
const DEFAULT_PROJECT: &str = "default";

/// The VMs in this answer.
pub(crate) fn instances(
    answer: &ManagerFile,
    processes: &Processes,
) -> Result<Vec<ListedMachine>, Unread> {
    let value = Json::read(answer)?;
    let json = Json::new(&answer.path, &value);
    let all = match json.items("/metadata") {
        Reading::Known(all) => all,
        Reading::Absent => return Err(json.malformed("the answer holds no instances")),
        Reading::Unknown(why) => return Err(why),
    };
    let is_vm = |instance: &Json<'_>| instance.text("/type") != Reading::Known("container");
    let all = all.into_iter().filter(is_vm).take(MOST_INSTANCES).enumerate();
    Ok(all.map(|(index, instance)| machine(index, instance, &answer.path, processes)).collect())
}

fn machine(index: usize, instance: Json<'_>, socket: &str, processes: &Processes) -> ListedMachine {
    let project = instance.text("/project").known().unwrap_or(DEFAULT_PROJECT);
    let Reading::Known(name) = instance.text("/name") else {
        let why = instance.malformed(&format!("instance {index} has no name"));
        return unread_machine(format!("{socket} {index}"), format!("instance {index}"), &why);
    };
    // Names are unique within a project.
    let shown = match project {
        DEFAULT_PROJECT => plain_name(name, "instance"),
        project => plain_name(&format!("{name}.{project}"), "instance"),
    };
    let mut machine = ListedMachine::new(format!("{socket} {project}/{name}"), shown);
    machine.state = state(instance);
    let is_running =
        matches!(machine.state, Reading::Known(MachineState::Running | MachineState::Paused));
    // QEMU gives up root's rights, so that its user says nothing. The daemon knows its own processes.
    machine.pid = match instance.number("/state/pid").map(u32::try_from) {
        Reading::Known(Ok(pid)) if pid > 0 && is_running => {
            processes.find(|process| process.pid == pid).map(|process| process.pid)
        }
        Reading::Known(Err(_)) => Reading::Unknown(instance.malformed("/state/pid is no process")),
        Reading::Known(_) | Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    };
    machine.hostname = Reading::Known(plain_name(name, "instance"));
    let (cards, addresses) = network::of(instance, socket, name);
    machine.cards = cards;
    machine.addresses = addresses;
    machine.forwards = devices::forwards(instance);
    machine.ssh = ssh_endpoint(&machine.forwards);
    machine.disks = devices::disks(instance);
    machine.monitor = Reading::Absent;
    machine.console = Reading::Absent;
    machine
}

/// The words of `status`, as in "Instance states" of the API.
fn state(instance: Json<'_>) -> Reading<MachineState> {
    match instance.text("/status") {
        Reading::Known("Running" | "Ready" | "Starting" | "Stopping") => {
            Reading::Known(MachineState::Running)
        }
        Reading::Known("Frozen" | "Freezing" | "Thawed") => Reading::Known(MachineState::Paused),
        Reading::Known("Stopped" | "Aborting") => Reading::Known(MachineState::Stopped),
        Reading::Known(other) => {
            let other = plain_name(other, "?");
            Reading::Unknown(instance.malformed(&format!("its status is {other}")))
        }
        Reading::Absent => Reading::Unknown(instance.malformed("it has no status")),
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}
