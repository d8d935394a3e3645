//! Which machines a command is about.

use crate::{
    exit::Failure,
    observe::{Scene, Source},
};
use vmkit_model::{Machine, Severity};

/// How many names a hint lists.
const NAMES_IN_A_HINT: usize = 10;

/// The machines of these names, each once; all, where none is named.
pub(crate) fn select<'a>(scene: &'a Scene, names: &[String]) -> anyhow::Result<Vec<&'a Machine>> {
    refuse_without_directory(scene)?;
    let machines = &scene.machines;
    if names.is_empty() {
        return Ok(machines.iter().collect());
    }
    let mut selected: Vec<&Machine> = Vec::new();
    for name in names {
        let Some(machine) = machines.iter().find(|machine| machine.name == *name) else {
            return Err(unknown(name, scene).into());
        };
        if !selected.iter().any(|other| other.name == machine.name) {
            selected.push(machine);
        }
    }
    Ok(selected)
}

/// A data directory that is not there is an error of its own, not an empty answer.
fn refuse_without_directory(scene: &Scene) -> Result<(), Failure> {
    let Source::DataDirectory(location) = &scene.source else { return Ok(()) };
    let lacking = scene.problems.iter().find(|problem| {
        problem.path == location.data_directory && problem.severity == Severity::Error
    });
    match lacking.filter(|_| scene.machines.is_empty()) {
        Some(problem) => {
            let directory = location.data_directory.display();
            let failure = Failure::new(format!("{directory}: {}", problem.message));
            Err(failure.with_hint("name another one: `vm --data-dir DIR status`"))
        }
        None => Ok(()),
    }
}

fn unknown(name: &str, scene: &Scene) -> Failure {
    let known: Vec<_> =
        scene.machines.iter().take(NAMES_IN_A_HINT).map(|m| m.name.as_str()).collect();
    let place = match &scene.source {
        Source::DataDirectory(location) => location.base_directory.display(),
        Source::Snapshot(directory) => directory.display(),
    };
    let failure = Failure::new(format!("there is no VM named `{name}`"));
    failure.with_hint(if known.is_empty() {
        format!("{place} holds no VMs")
    } else {
        format!("the VMs here are: {}", known.join(", "))
    })
}
