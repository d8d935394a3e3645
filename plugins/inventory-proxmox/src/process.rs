//! The process of a machine: `kvm -id 100 -name web,debug-threads=on …`, which root starts.

use vmkit_listing::{belongs_to, plain_name, run_by, unread_machine};
use vmkit_plugin::{ListedMachine, ProcessAnswer, Reading, Unread};
use vmkit_qemu::CommandLine;

/// The user whom all machines run as.
const ROOT: u32 = 0;

/// The number of the process's machine, if Proxmox started it.
pub(crate) fn number(process: &ProcessAnswer) -> Option<&str> {
    let is_proxmox = process.arguments.iter().any(|word| word.contains("/run/qemu-server/"));
    if !is_proxmox || !belongs_to(process, ROOT) {
        return None;
    }
    let pairs = process.arguments.windows(2);
    let mut numbers = pairs.filter(|pair| pair[0] == "-id").map(|pair| pair[1].as_str());
    numbers.next().filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The machine of this process. What its command line does not say is unknown for this reason.
pub(crate) fn machine(process: &ProcessAnswer, why: &Unread) -> Option<ListedMachine> {
    let number = number(process)?;
    let line = CommandLine::parse(&process.arguments, 0);
    let name = plain_name(line.name.as_deref().unwrap_or_default(), &format!("VM {number}"));
    let id = format!("/etc/pve/qemu-server/{number}.conf");
    let mut machine = unread_machine(id, name, why);
    run_by(&mut machine, &Reading::Known(process));
    // The script that connects a tap to its bridge knows the bridge, QEMU does not.
    let cards = line.cards.into_iter().map(Into::into);
    machine.cards = Reading::Known(cards.collect());
    machine.monitor = line.qmp.map_or(Reading::Absent, Reading::Known);
    machine.guest_agent = line.guest_agent.map_or(Reading::Absent, Reading::Known);
    machine.console = Reading::Absent;
    machine.ssh = Reading::Absent;
    machine.forwards = Reading::Absent;
    machine.disks = Reading::Known(line.disks);
    Some(machine)
}
