//! `vm resolve`.

use std::{slice, time::Instant};

use vmkit_inventory::{Machine, Problem, Severity};
use vmkit_report::Resolution;
use vmkit_scoring::{Pick, Weights};

use crate::{
    arguments,
    context::Context,
    exit::Exit,
    observe::{Observer, Place, is_alive},
    output,
    select::select,
    status::{exit_of_named, rows, view},
};

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Resolve, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let names = slice::from_ref(&wanted.name);
    let weights = Weights::builtin()?;
    // The slow signals of the full mode are waited for only where the others leave a doubt.
    let mode = vmkit_wire::Mode::Full;
    let place = Place::of(wanted.from.as_ref());
    let mut observer = Observer::start(place, mode, &weights, context)?;
    let (scene, seen) = observer.look(|scene| {
        Ok(select(scene, names)?.into_iter().map(|machine| machine.name.clone()).collect())
    })?;
    let mut exit = Exit::Healthy;
    for (machine, pick) in rows(&scene, &seen, names, &weights)? {
        let lacking = lacking(machine, &pick, &scene.problems);
        exit = if lacking.is_empty() { exit_of_named(machine, &pick) } else { Exit::Failed };
        let vm = view::vm(machine, pick, scene.now());
        let plugins = seen.outcomes.iter().map(view::plugin).collect();
        let resolution = Resolution::new(vm, plugins, scene.now(), began.elapsed());
        if exit == Exit::Findings && is_alive(machine) && !resolution.anything_answered() {
            exit = Exit::CannotTell;
        }
        output::answer(|out| {
            if wanted.json { resolution.write_json(out) } else { resolution.write_address(out) }
        })?;
        output::problems(&lacking, context);
        let snapshot = wanted.from.as_ref().map(|directory| directory.display().to_string());
        let remark = resolution.remark(snapshot.as_deref());
        // Without an answer its reason is an error, which is never left out.
        if let Some(remark) = remark.filter(|_| exit != Exit::Healthy || !context.quiet) {
            output::note(&remark);
        }
    }
    Ok(exit)
}

/// What could not be read of a machine whose address was not found: with it, it might have been.
fn lacking(machine: &Machine, pick: &Pick<'_>, problems: &[Problem]) -> Vec<Problem> {
    let of_machine = |problem: &&Problem| {
        problem.severity == Severity::Error && problem.path.starts_with(&machine.directory)
    };
    let counts = pick.address.is_none();
    problems.iter().filter(of_machine).filter(|_| counts).cloned().collect()
}
