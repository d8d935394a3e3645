//! `vm console`.

use std::io::{self, IsTerminal as _};

use vmkit_plugin_commands::{Ended, Front, note};
use vmkit_power::{ConsoleEnd, ConsoleView, Running, attach_console};

use crate::{power::must_run, work::Work};

/// Attaches the terminal to a machine's console. The machine is not held: others may stop it meanwhile.
pub(crate) fn console(name: &str, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let work = Work::open_existing(front, quiet)?;
    let running = must_run(name, &work)?;
    attach(name, &running, &work)
}

/// Joins the terminal and the console until one of them ends it.
pub(crate) fn attach(name: &str, running: &Running, work: &Work<'_>) -> anyhow::Result<Ended> {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let view = if is_terminal { ConsoleView::Raw } else { ConsoleView::Plain };
    if is_terminal {
        work.say(&format!("This is the console of {name}; Ctrl-] leaves it."));
    }
    match attach_console(running, view, &io::stdin(), &io::stdout())? {
        ConsoleEnd::Detached => work.say(&format!("\nLeft the console; {name} runs on.")),
        ConsoleEnd::MachineEnded => note(&format!("\n{name} has ended.\n")),
        ConsoleEnd::OutputClosed | ConsoleEnd::Interrupted => {}
    }
    Ok(Ended::Well)
}
