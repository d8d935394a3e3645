//! Errors of these commands, with what to do about them.

use std::thread;

use vmkit_machines::{KeyError, MachineError, ToolError};
use vmkit_plugin_commands::{Ended, Failure, note};
use vmkit_power::PowerError;
use vmkit_types::escaped;

use crate::NotLaunched;

/// The advice that belongs to an error of these commands.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(NotLaunched(error)) = error.downcast_ref() {
        return hint(error);
    }
    let failure = error.downcast_ref::<Failure>().and_then(|failure| failure.hint.clone());
    let machine = || error.downcast_ref::<MachineError>()?.hint();
    let power = || error.downcast_ref::<PowerError>()?.hint();
    let tools = || error.downcast_ref::<ToolError>()?.hint().map(str::to_owned);
    let key = || error.downcast_ref::<KeyError>()?.hint().map(str::to_owned);
    let session = || error.downcast_ref::<vmkit_session::Error>()?.hint();
    failure.or_else(machine).or_else(power).or_else(tools).or_else(key).or_else(session)
}

/// Does the work for each machine. Where one fails, why is printed, and the others go on.
///
/// # Errors
/// The only machine fails.
pub(crate) fn for_each(
    names: &[String],
    mut work: impl FnMut(&str) -> anyhow::Result<Ended>,
) -> anyhow::Result<Ended> {
    if let [only] = names {
        return work(only);
    }
    let mut worst = Ended::Well;
    for name in distinct(names) {
        let ended = work(name).unwrap_or_else(|error| {
            print(name, &error);
            Ended::Failed
        });
        worst = worst.max(ended);
    }
    Ok(worst)
}

/// The same for all machines at once: a guest may take a minute to shut down.
///
/// # Errors
/// The only machine fails.
pub(crate) fn for_all(
    names: &[String],
    work: impl Fn(&str) -> anyhow::Result<Ended> + Sync,
) -> anyhow::Result<Ended> {
    if let [only] = names {
        return work(only);
    }
    let (work, names) = (&work, distinct(names));
    let outcomes: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = names.iter().map(|name| scope.spawn(move || work(name))).collect();
        let panicked = |_| Err(Failure::new("the work ended unexpectedly").into());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let mut worst = Ended::Well;
    for (name, outcome) in names.iter().zip(outcomes) {
        let ended = outcome.unwrap_or_else(|error| {
            print(name, &error);
            Ended::Failed
        });
        worst = worst.max(ended);
    }
    Ok(worst)
}

/// Each name once.
pub(crate) fn distinct(names: &[String]) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for name in names {
        if !all.contains(&name.as_str()) {
            all.push(name);
        }
    }
    all
}

/// Prints an error that concerns one of several machines.
pub(crate) fn print(name: &str, error: &anyhow::Error) {
    let chain = error.chain().map(ToString::to_string);
    let chain: Vec<String> = std::iter::once(escaped(name)).chain(chain).collect();
    note(&vmkit_report::failure(&chain, hint(error).as_deref()));
}

/// An error in one line.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    chain.join(": ")
}
