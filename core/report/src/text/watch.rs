//! `vm status --watch`.

use std::io::{self, Write};

use super::{
    Terminal,
    lead::write_lead,
    status::{address, picks, ssh, state, table},
    style::Role,
    summary::conclusion,
};
use crate::{Status, Vm, clean::shown, time::rfc3339};

/// Moves to the upper left corner without clearing, so that unchanged text does not flicker.
const HOME: &str = "\x1b[H";
/// Clears the rest of the line, which was longer in the last picture.
const CLEAR_LINE: &str = "\x1b[K";
/// Clears the lines below, which the last picture had.
const CLEAR_BELOW: &str = "\x1b[J";

/// State, address and SSH of a machine, as they are shown.
pub(crate) fn watched(vm: &Vm<'_>) -> [String; 3] {
    [state(vm), address(vm), ssh(vm)].map(|cell| cell.text().to_owned())
}

/// Draws the picture over the last one.
pub(crate) fn draw_watch(
    status: &Status<'_>,
    changed: &[String],
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let mut picture = Vec::new();
    write_lead(picks(status), &mut picture, terminal)?;
    let mut table = table(status);
    for (row, vm) in table.rows.iter_mut().zip(&status.vms) {
        // A mark as well as colour, which not everybody sees.
        if changed.contains(&vm.machine.name) {
            row[0].mark(" *", Role::Heading);
        }
    }
    table.write(&mut picture, terminal)?;
    writeln!(picture)?;
    writeln!(picture, "{}", conclusion(status))?;
    let time = rfc3339(status.meta.generated_at).unwrap_or_default();
    writeln!(picture, "{time}  * changed since the last look  Ctrl-C ends")?;
    let picture = String::from_utf8_lossy(&picture).replace('\n', &format!("{CLEAR_LINE}\n"));
    write!(out, "{HOME}{picture}{CLEAR_BELOW}")
}

/// A line for each machine that is wanted: `TIME NAME STATE ADDRESS SSH`.
pub(crate) fn write_changes(
    status: &Status<'_>,
    wanted: impl Fn(&str) -> bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let time = rfc3339(status.meta.generated_at).unwrap_or_default();
    for vm in status.vms.iter().filter(|vm| wanted(&vm.machine.name)) {
        let [state, address, ssh] = watched(vm);
        writeln!(out, "{time} {}: {state}, {address}, SSH {ssh}", shown(&vm.machine.name))?;
    }
    Ok(())
}
