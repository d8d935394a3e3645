//! The commands of a machine's life: their arguments, asking and printing.
//!
//! What is decided is decided in `vmkit-machines`, `vmkit-power` and `vmkit-attach`; what is shown is shown by
//! `vmkit-report`.

#![forbid(unsafe_code)]

mod arguments;
mod ask;
mod clone;
mod console;
mod create;
mod destroy;
mod hint;
mod import;
mod launched;
mod list;
mod net;
mod not_launched;
mod power;
mod start;
mod wait;
mod work;

pub use arguments::MachineCommand;
pub use hint::hint;
pub use not_launched::NotLaunched;

use vmkit_plugin_commands::{Ended, Front};

/// Runs the command. `quiet`: only errors go to standard error.
///
/// # Errors
/// It could not be done.
pub fn run(command: &MachineCommand, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    match command {
        MachineCommand::Stop(wanted) => power::stop(wanted, front, quiet),
        MachineCommand::Pause(wanted) => power::pause(&wanted.names, front, quiet),
        MachineCommand::Resume(wanted) => power::resume(&wanted.names, front, quiet),
        MachineCommand::List(wanted) => list::list(wanted.json, front, quiet),
        MachineCommand::Console(wanted) => console::console(&wanted.name, front, quiet),
        MachineCommand::Destroy(wanted) => destroy::destroy(wanted, front, quiet),
        MachineCommand::Net(wanted) => net::net(wanted, front, quiet),
        MachineCommand::Start(wanted) => {
            start::start(&wanted.names, &wanted.options, false, front, quiet)
        }
        MachineCommand::Restart(wanted) => {
            start::start(&wanted.names, &wanted.options, true, front, quiet)
        }
        MachineCommand::Create(wanted) => create::create(wanted, front, quiet),
        MachineCommand::Clone(wanted) => clone::clone(wanted, front, quiet),
        MachineCommand::Import(wanted) => import::import(wanted, front, quiet),
    }
}
