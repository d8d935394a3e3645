//! `vm plugin`: the arguments, asking and printing of its commands.
//!
//! What is decided is decided in `vmkit-authoring`, `vmkit-session` and `vmkit-host`; what is shown is
//! shown by `vmkit-report`.

#![forbid(unsafe_code)]

mod arguments;
mod check;
mod entries;
mod failure;
mod front;
mod hint;
mod index;
mod install;
mod list;
mod new;
mod progress;
mod run;
mod trust;

pub use arguments::{Plugin, PluginCommand};
pub use failure::Failure;
pub use front::{Ended, Front, answer, note};
pub use hint::hint;
pub use progress::ProgressLine;

use trust::Agreed;

/// Runs the command.
///
/// # Errors
/// It could not be done.
pub fn run(command: &PluginCommand, front: &Front<'_>) -> anyhow::Result<Ended> {
    match command {
        PluginCommand::List { lock, json } => list::list(*lock, *json, front),
        PluginCommand::Info { plugin, json } => list::info(plugin, *json, front),
        PluginCommand::Trust { file, unconfined, weight, yes } => {
            trust::trust(file, Agreed { unconfined: *unconfined, weight: *weight }, *yes, front)
        }
        PluginCommand::Untrust { plugin } => trust::untrust(plugin, front),
        PluginCommand::Check { file, yes, json } => check::check(file, *yes, *json, front),
        PluginCommand::Run { file, from, yes, json } => {
            run::run(file, from.as_deref(), *yes, *json, front)
        }
        PluginCommand::Install { plugin, version, place, yes } => {
            install::install(plugin, version.as_deref(), place, *yes, front)
        }
        PluginCommand::Remove { id } => install::remove(id, front),
        PluginCommand::Search { words, place, json } => index::search(words, place, *json, front),
        PluginCommand::New(wanted) => new::new(wanted, front),
    }
}
