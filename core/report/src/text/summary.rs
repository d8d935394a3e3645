//! The statistics, the next command and the last line.

use std::io::{self, Write};

use vmkit_model::{Mode, Power};
use vmkit_scoring::Verdict;

use super::{command_line, counted, pastes};
use crate::{SshState, State, Statistics, Status, Vm, clean::shown, time::short};

/// Most machines that the last line names.
const NAMES_IN_THE_VERDICT: usize = 3;

pub(super) fn write_statistics(status: &Status<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "Statistics")?;
    writeln!(out, "  {}", states(&status.statistics))?;
    let running = status.vms.iter().filter(|vm| vm.runs() && !vm.machine.foreign);
    let running: Vec<&Vm<'_>> = running.collect();
    if !running.is_empty() {
        writeln!(out, "  Addresses of running VMs: {}", verdicts(&running))?;
        if let Some(declared) = declared(&running) {
            writeln!(out, "  {declared}")?;
        }
    }
    let asked = status.plugins.iter().filter(|plugin| plugin.elapsed.is_some()).count();
    writeln!(out, "  Took {}, {} asked", short(status.meta.elapsed), counted(asked, "plugin"))?;
    writeln!(out)
}

/// `3 VMs: 1 running, 1 stopped, 1 missing`.
fn states(statistics: &Statistics) -> String {
    let counts = [
        (statistics.running, State::Running.code()),
        (statistics.booting, State::Booting.code()),
        (statistics.initializing, State::Initializing.code()),
        (statistics.paused, State::Paused.code()),
        (statistics.stopped, State::Stopped.code()),
        (statistics.missing, State::Missing.code()),
        (statistics.unknown, "in an unknown state"),
    ];
    format!("{}: {}", counted(statistics.total, "VM"), listed(&counts))
}

fn verdicts(running: &[&Vm<'_>]) -> String {
    let count = |verdict| running.iter().filter(|vm| vm.pick.verdict == verdict).count();
    listed(&[
        (count(Verdict::Resolved), "resolved"),
        (count(Verdict::Probable), "probable"),
        (count(Verdict::Ambiguous), "ambiguous"),
        (count(Verdict::NoAddress), "without address"),
        (count(Verdict::NotChecked), "not checked"),
    ])
}

fn listed(counts: &[(usize, &str)]) -> String {
    let some = counts.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

/// Memory and processors of the running machines, if all declare them.
fn declared(running: &[&Vm<'_>]) -> Option<String> {
    let memory = running.iter().try_fold(0_u64, |sum, vm| {
        Some(sum.saturating_add(*vm.machine.memory_mb.as_ref().known()?))
    })?;
    let vcpus = running.iter().try_fold(0_usize, |sum, vm| {
        let vcpus = *vm.machine.vcpus.as_ref().known()?;
        Some(sum.saturating_add(usize::try_from(vcpus).ok()?))
    })?;
    Some(format!("Declared by running VMs: {memory} MiB of memory, {}", counted(vcpus, "vCPU")))
}

/// The next command.
pub(super) fn next_command(status: &Status<'_>) -> Option<String> {
    let unclear = |vm: &&Vm<'_>| {
        vm.runs()
            && !vm.is_reached_at_endpoint()
            && matches!(
                vm.pick.verdict,
                Verdict::Probable | Verdict::Ambiguous | Verdict::NoAddress
            )
    };
    // A machine without any address comes first.
    let vm = status.vms.iter().filter(unclear).min_by_key(|vm| vm.pick.address.is_some())?;
    let name = &vm.machine.name;
    let mut words = vec!["vm", "status"];
    words.extend(pastes(name).then_some(name.as_str()));
    words.push("--explain");
    Some(command_line(&status.meta.place.words(&words)))
}

/// The last line: a summary.
pub(super) fn conclusion(status: &Status<'_>) -> String {
    if status.vms.is_empty() {
        return match status.meta.managers.as_slice() {
            [] => "There are no VMs.".to_owned(),
            managers => format!("There are no VMs of {}.", shown(&managers.join(", "))),
        };
    }
    if status.meta.mode == Mode::Basic {
        return format!("{}. Only processes were checked.", states(&status.statistics));
    }
    let running = status.vms.iter().filter(|vm| vm.runs() && !vm.machine.foreign);
    let running: Vec<&Vm<'_>> = running.collect();
    let unknown: Vec<&Vm<'_>> =
        status.vms.iter().filter(|vm| vm.machine.power == Power::Unknown).collect();
    if running.is_empty() && unknown.is_empty() {
        let paused = |vm: &Vm<'_>| vm.machine.power == Power::Paused;
        return if status.vms.iter().any(paused) {
            "No VM is running; some are paused.".to_owned()
        } else {
            "No VM is running.".to_owned()
        };
    }
    if !unknown.is_empty() {
        return format!("Unknown whether these run: {}.", names(&unknown));
    }
    not_checked(&running).unwrap_or_else(|| addresses(&running))
}

/// The machines whose addresses were not looked for; `None`: there are none.
fn not_checked(running: &[&Vm<'_>]) -> Option<String> {
    let (unchecked, checked): (Vec<&Vm<'_>>, Vec<&Vm<'_>>) = running
        .iter()
        .copied()
        .partition(|vm| vm.pick.unchecked.is_some() && !vm.is_reached_at_endpoint());
    if unchecked.is_empty() {
        return None;
    }
    if running.len() == 1 {
        return Some("The running VM was not checked.".to_owned());
    }
    let beside = match checked.iter().filter(|vm| !vm.is_reached()).count() {
        0 => String::new(),
        some => format!(" {some} of the others without a usable address."),
    };
    Some(format!(
        "{} of {} running VMs {} not checked: {}.{beside}",
        unchecked.len(),
        running.len(),
        if unchecked.len() == 1 { "was" } else { "were" },
        names(&unchecked)
    ))
}

/// The addresses of running machines, and their SSH if all have one.
fn addresses(running: &[&Vm<'_>]) -> String {
    let without: Vec<&Vm<'_>> = running.iter().copied().filter(|vm| !vm.is_reached()).collect();
    let silent: Vec<&Vm<'_>> =
        running.iter().copied().filter(|vm| vm.ssh.state != SshState::Ready).collect();
    let asked = silent.iter().any(|vm| vm.ssh.state != SshState::NotChecked);
    let ssh = if asked { "SSH is not ready" } else { "SSH was not checked" };
    let has = if running.iter().any(|vm| vm.endpoint.is_some()) {
        "an address or an endpoint"
    } else {
        "an address"
    };
    match (running, without.is_empty(), silent.is_empty()) {
        ([vm], true, true) if vm.endpoint.is_some() => {
            "The running VM answers SSH at its endpoint.".to_owned()
        }
        ([_], true, true) => "The running VM has an address and answers SSH.".to_owned(),
        (all, true, true) => {
            format!("All {} running VMs have {has} and answer SSH.", all.len())
        }
        ([_], true, false) => format!("The running VM has {has}; {ssh}."),
        (all, true, false) => {
            format!("All {} running VMs have {has}; {ssh} on {}.", all.len(), names(&silent))
        }
        ([_], false, _) => "The running VM has no usable address.".to_owned(),
        (all, false, _) => format!(
            "{} of {} running VMs {} no usable address: {}.",
            without.len(),
            all.len(),
            if without.len() == 1 { "has" } else { "have" },
            names(&without)
        ),
    }
}

fn names(vms: &[&Vm<'_>]) -> String {
    let first = vms.iter().take(NAMES_IN_THE_VERDICT).map(|vm| shown(&vm.machine.name));
    let first: Vec<String> = first.collect();
    match vms.len().saturating_sub(NAMES_IN_THE_VERDICT) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
