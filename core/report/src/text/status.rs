//! `vm status` as text: the table, notes, statistics, what was not checked, and the summary.

use std::io::{self, Write};

use vmkit_model::{How, Mode, Power};
use vmkit_scoring::{Pick, Verdict};
use vmkit_types::Reading;

use super::{
    Terminal,
    lead::write_lead,
    no_address,
    style::Role,
    summary::{conclusion, next_command, write_statistics},
    table::{Cell, Table},
    unchecked::write_unchecked,
};
use crate::{SshState, State, Status, Vm, clean::shown, time::lifetime};

pub(crate) fn write_status(
    status: &Status<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    write_lead(picks(status), out, terminal)?;
    if !status.vms.is_empty() {
        table(status).write(out, terminal)?;
        writeln!(out)?;
    }
    write_notes(status, out)?;
    if status.meta.mode == Mode::Full && status.meta.statistics && !status.vms.is_empty() {
        write_statistics(status, out)?;
    }
    write_unchecked(status, out, terminal)?;
    write_problems(status, out)?;
    if let Some(command) = next_command(status) {
        writeln!(out, "Next: {command}")?;
    }
    writeln!(out, "{}", conclusion(status))
}

/// The machines' names with their picks.
pub(super) fn picks<'v>(status: &'v Status<'_>) -> impl Iterator<Item = (&'v str, &'v Pick)> {
    let unclear = status.vms.iter().filter(|vm| !vm.is_reached_at_endpoint());
    unclear.map(|vm| (vm.machine.name.as_str(), vm.pick))
}

pub(super) fn table(status: &Status<'_>) -> Table<7> {
    let first = status.vms.first().map(|vm| &vm.machine.manager);
    let of_several = status.vms.iter().any(|vm| Some(&vm.machine.manager) != first);
    Table {
        heading: ["NAME", "MANAGER", "STATE", "IP", "SSH", "MAC", "UPTIME"],
        dispensable: &[5, 6, 1],
        omitted: if of_several { &[] } else { &[1] },
        rows: status.vms.iter().map(row).collect(),
    }
}

fn row(vm: &Vm<'_>) -> [Cell; 7] {
    let name = Cell::new(Role::Normal, shown(&vm.machine.name));
    let mac = match &vm.card().mac {
        Reading::Known(mac) => Cell::new(Role::Normal, mac.to_string()),
        missing => gap(missing),
    };
    let uptime = match &vm.uptime {
        Reading::Known(uptime) => Cell::new(Role::Normal, lifetime(*uptime)),
        missing => gap(missing),
    };
    let manager = Cell::new(Role::Normal, shown(&vm.machine.manager));
    [name, manager, state(vm), address(vm), ssh(vm), mac, uptime]
}

pub(super) fn state(vm: &Vm<'_>) -> Cell {
    match &vm.state {
        Reading::Known(state) => {
            let role = match state {
                State::Running => Role::Good,
                State::Initializing | State::Booting => Role::Doubtful,
                State::Missing => Role::Bad,
                State::Paused | State::Stopped => Role::Aside,
            };
            Cell::new(role, state.code())
        }
        missing => gap(missing),
    }
}

pub(super) fn address(vm: &Vm<'_>) -> Cell {
    let pick = &vm.pick;
    if let Some(endpoint) = vm.endpoint {
        let role = if endpoint.is_ready() { Role::Normal } else { Role::Doubtful };
        let how = match endpoint.how {
            How::Forwarded => "forwarded",
            How::Manager => "by its manager",
        };
        return Cell::new(role, format!("{} ({how})", endpoint.address));
    }
    match (pick.verdict, pick.address) {
        (Verdict::Probable, Some(address)) => {
            Cell::new(Role::Doubtful, format!("{address} ~ probable"))
        }
        (_, Some(address)) => Cell::new(Role::Normal, address.to_string()),
        (Verdict::NotChecked, None) => Cell::new(Role::Aside, "not checked"),
        (_, None) => match no_address(pick) {
            Some(reason) => Cell::new(Role::Bad, reason),
            None => Cell::new(Role::Aside, "-"),
        },
    }
}

pub(super) fn ssh(vm: &Vm<'_>) -> Cell {
    let checkable = vm.is_reached() || (vm.runs() && vm.pick.verdict == Verdict::NotChecked);
    match vm.ssh.state {
        SshState::NotChecked if !checkable => Cell::new(Role::Aside, "-"),
        SshState::NotChecked => Cell::new(Role::Aside, "not checked"),
        SshState::Ready => Cell::new(Role::Good, "ready"),
        state => Cell::new(Role::Doubtful, state.words()),
    }
}

/// `-`: there is none; `unknown`: it could not be found out.
fn gap<T>(reading: &Reading<T>) -> Cell {
    match reading {
        Reading::Unknown(_) => Cell::new(Role::Aside, "unknown"),
        _ => Cell::new(Role::Aside, "-"),
    }
}

fn write_notes(status: &Status<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut any = false;
    for vm in &status.vms {
        for note in vm.notes() {
            any = true;
            writeln!(out, "Note: {}: {}", shown(&vm.machine.name), shown(&note))?;
        }
        if vm.machine.power == Power::Missing {
            any = true;
            writeln!(
                out,
                "Note: {}: registered, but its directory is missing",
                shown(&vm.machine.name)
            )?;
        }
    }
    if any { writeln!(out) } else { Ok(()) }
}

fn write_problems(status: &Status<'_>, out: &mut impl Write) -> io::Result<()> {
    if status.problems.is_empty() {
        return Ok(());
    }
    writeln!(out, "Could not be used:")?;
    for problem in status.problems {
        writeln!(
            out,
            "  {}: {}",
            shown(&problem.path.display().to_string()),
            shown(&problem.message)
        )?;
    }
    writeln!(out)
}
