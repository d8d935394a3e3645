//! `vm list` as text.

use std::io::{self, Write};

use vmkit_model::Power;
use vmkit_types::Reading;

use super::{
    Terminal,
    style::Role,
    table::{Cell, Table},
};
use crate::{ListedVm, MachineList, clean::shown, state::power_code};

pub(crate) fn write_machine_list(
    list: &MachineList,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    if list.machines.is_empty() {
        return writeln!(out, "There are no VMs. To make one: vm create NAME --image FILE");
    }
    let heading = ["NAME", "STATE", "NETWORK", "DISK", "MEMORY", "CPUS"];
    let rows = list.machines.iter().map(row).collect();
    Table { heading, dispensable: &[5, 4, 3], omitted: &[], rows }.write(out, terminal)
}

fn row(vm: &ListedVm) -> [Cell; 6] {
    let network = match &vm.network {
        Reading::Known(network) => {
            let mode = network.mode.code();
            let on = network.interface.as_ref();
            Cell::new(
                Role::Normal,
                on.map_or(mode.to_owned(), |on| format!("{mode}, {}", shown(on))),
            )
        }
        other => gap(other),
    };
    [
        Cell::new(Role::Normal, shown(&vm.name)),
        state(vm.power),
        network,
        value(&vm.disk, |disk| shown(disk)),
        value(&vm.memory_mb, |mb| memory(*mb)),
        value(&vm.cpus, ToString::to_string),
    ]
}

fn state(power: Power) -> Cell {
    let role = match power {
        Power::Running => Role::Good,
        Power::Missing => Role::Bad,
        Power::Paused | Power::Stopped => Role::Aside,
        Power::Unknown => Role::Doubtful,
    };
    Cell::new(role, power_code(power).known().unwrap_or("unknown"))
}

fn value<T>(reading: &Reading<T>, words: impl Fn(&T) -> String) -> Cell {
    match reading {
        Reading::Known(value) => Cell::new(Role::Normal, words(value)),
        other => gap(other),
    }
}

fn gap<T>(reading: &Reading<T>) -> Cell {
    Cell::new(Role::Aside, if matches!(reading, Reading::Absent) { "-" } else { "unknown" })
}

/// Memory in the largest unit that divides it.
fn memory(mb: u64) -> String {
    if mb > 0 && mb.is_multiple_of(1024) {
        format!("{} GiB", mb / 1024)
    } else {
        format!("{mb} MiB")
    }
}
