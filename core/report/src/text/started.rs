//! `vm start` as text: one line for each machine.

use std::io::{self, Write};

use vmkit_model::CommandPlace;

use super::{Terminal, command_line, style::Role, words::pastes};
use crate::{Launch, StartReport, StartResult, StartedVm, clean::shown};

pub(crate) fn write_start_report(
    report: &StartReport,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    // What failed was said as an error.
    let said = report.machines.iter().filter(|vm| !matches!(vm.result, StartResult::Failed(_)));
    for vm in said {
        writeln!(out, "{}", line(vm, &report.place, terminal))?;
    }
    Ok(())
}

fn line(vm: &StartedVm, place: &CommandPlace, terminal: Terminal) -> String {
    let name = shown(&vm.name);
    let on = vm.launch.as_ref().map(network).unwrap_or_default();
    let next = |verb| command_line(&place.words(&["vm", verb, pasted(&vm.name)]));
    let at = vm.address.map(|address| format!(" at {address}")).unwrap_or_default();
    match &vm.result {
        StartResult::Up => {
            let up = terminal.style.paint(Role::Good, "is up");
            format!("{name} {up}{at}{on}; log in: {}", next("ssh"))
        }
        StartResult::Addressed if vm.launch.as_ref().is_some_and(|launch| launch.apart) => {
            format!("{name} is{at}{on}; other computers reach it, and this one does not")
        }
        StartResult::Addressed => format!(
            "{name} is{at}{on}; its SSH server does not answer yet; see: {}",
            next("status")
        ),
        StartResult::Started => format!("{name} runs{on}; its address: {}", next("resolve")),
        StartResult::NoAddress(why) => {
            let no = terminal.style.paint(Role::Bad, "has no address");
            format!("{name} runs and {no}{on}: {}; see more: {}", shown(why), next("doctor"))
        }
        StartResult::CannotTell(why) => format!(
            "{name} runs{on}, and its address is unknown: {}; see more: {}",
            shown(why),
            next("doctor")
        ),
        StartResult::Failed(why) => format!("{name}: {}", shown(why)),
    }
}

fn network(launch: &Launch) -> String {
    let on = launch.interface.as_ref().map(|on| format!(", {}", shown(on)));
    format!(" ({}{})", launch.mode.code(), on.unwrap_or_default())
}

/// The name as one word of a shell, or `NAME` where it is none.
fn pasted(name: &str) -> &str {
    if pastes(name) { name } else { "NAME" }
}
