//! The screen: machines with a problem, then the others, then what was not checked and the verdict.

use std::io::{self, Write};

use super::{
    fit::fit,
    foot::foot,
    vm::{Canvas, blocks},
};
use crate::{
    Doctor, DoctorVm, Terminal,
    text::{doctor_verdict::doctor_verdict, fix::write_fixes, wrap::lines},
};

/// Most columns: those of the usual terminal, and of a mail or a chat that the text is pasted into.
const WIDTH: usize = 80;
/// Lines of the usual terminal, without that of the prompt.
const HEIGHT: usize = 23;
/// Lines that each machine with a problem gets, whatever their number.
const LEAST_HEIGHT: usize = 16;

pub(crate) fn write_doctor_screen(
    doctor: &Doctor<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let width = terminal.width.unwrap_or(WIDTH).min(WIDTH);
    let terminal = Terminal { width: Some(width), ..terminal };
    let canvas = Canvas(terminal);
    let (well, ill): (Vec<&DoctorVm>, Vec<&DoctorVm>) =
        doctor.vms.iter().partition(|vm| vm.diagnosis.healthy);
    let well: Vec<String> =
        well.into_iter().flat_map(|vm| fit(blocks(vm, canvas), usize::MAX)).collect();
    let foot = foot(doctor, canvas);
    // The empty lines between the parts, and the verdict.
    let between = usize::from(!well.is_empty()) + usize::from(!foot.is_empty()) + 1;
    let left = HEIGHT.saturating_sub(well.len() + foot.len() + between);
    let each = left.checked_div(ill.len()).unwrap_or_default().max(LEAST_HEIGHT);
    let mut parts: Vec<Vec<String>> = ill.iter().map(|vm| fit(blocks(vm, canvas), each)).collect();
    parts.push(well);
    let mut fixes = Vec::new();
    write_fixes(&doctor.fixes, &mut fixes, terminal)?;
    parts.push(foot);
    let mut is_first = true;
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !is_first {
            writeln!(out)?;
        }
        is_first = false;
        part.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    out.write_all(&fixes)?;
    let verdict = lines(width, "", "  ", &doctor_verdict(doctor));
    verdict.iter().try_for_each(|line| writeln!(out, "{line}"))
}
