//! `vm start` and `vm restart`.

mod launch;
mod network;
mod prepare;

use std::{
    thread,
    time::{Instant, SystemTime},
};

use vmkit_plugin_commands::{Ended, Failure, Front, answer};
use vmkit_power::Patience;
use vmkit_report::{StartReport, StartResult, StartedVm};
use vmkit_types::escaped;

use crate::{
    arguments::StartOptions,
    console,
    hint::{distinct, print, sentence},
    launched::Launched,
    not_launched::NotLaunched,
    power::stop_one,
    wait,
    work::Work,
};
use launch::{launch, rehearse};
use prepare::{Prepared, Surroundings, prepare};

/// Starts machines, all at once, and waits for their addresses. `restarts`: those that run are stopped before.
pub(crate) fn start(
    names: &[String],
    options: &StartOptions,
    restarts: bool,
    front: Front<'_>,
    quiet: bool,
) -> anyhow::Result<Ended> {
    let began = Instant::now();
    let work = Work::open_existing(front, quiet)?;
    let names = distinct(names);
    if options.console && names.len() > 1 {
        let many = Failure::new("--console shows one console, and several VMs are named");
        return Err(many.with_hint("start them without --console, then: vm console NAME").into());
    }
    let surroundings = Surroundings::read(&work)?;
    let mut outcomes: Vec<(&str, anyhow::Result<Option<Prepared>>)> = Vec::new();
    for name in names {
        outcomes.push((name, prepare(name, options, restarts, &surroundings, &work)));
    }
    let launched = launch_all(&outcomes, &work);
    say_notes(&launched, &work);
    if let (true, [(_, Some(Ok(launched)))]) = (options.console, launched.as_slice()) {
        return console::attach(&launched.name, &launched.started.running, &work);
    }
    let machines = settle(outcomes, launched, options, began, &work)?;
    let ended = machines.iter().map(|vm| ended(&vm.result)).max().unwrap_or(Ended::Well);
    let (generated_at, elapsed) = (SystemTime::now(), began.elapsed());
    let report = StartReport { machines, generated_at, elapsed, place: work.place() };
    answer(|out| {
        if options.json { report.write_json(out) } else { report.write_text(out, front.terminal) }
    })?;
    Ok(ended)
}

type LaunchedVm<'a> = (&'a str, Option<anyhow::Result<Launched>>);

/// Starts all that are prepared, each on a thread of its own.
fn launch_all<'a>(
    outcomes: &[(&'a str, anyhow::Result<Option<Prepared>>)],
    work: &Work<'_>,
) -> Vec<LaunchedVm<'a>> {
    thread::scope(|scope| {
        let threads: Vec<_> = outcomes
            .iter()
            .map(|(name, prepared)| {
                let prepared = prepared.as_ref().ok().and_then(Option::as_ref);
                (*name, prepared.map(|prepared| scope.spawn(move || one(prepared, work))))
            })
            .collect();
        let joined = |thread: thread::ScopedJoinHandle<'_, anyhow::Result<Launched>>| {
            let ended = |_| Err(Failure::new("the start ended unexpectedly").into());
            thread.join().unwrap_or_else(ended)
        };
        threads.into_iter().map(|(name, thread)| (name, thread.map(joined))).collect()
    })
}

/// Says what is not as planned, once for all machines that share it.
fn say_notes(launched: &[LaunchedVm<'_>], work: &Work<'_>) {
    let mut notes: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, vm) in launched {
        let Some(Ok(vm)) = vm else { continue };
        for note in &vm.notes {
            match notes.iter_mut().find(|(known, _)| known == note) {
                Some((_, names)) => names.push(name),
                None => notes.push((note, vec![name])),
            }
        }
    }
    for (note, names) in notes {
        let more = match names.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let first = names.first().copied().unwrap_or_default();
        work.say(&format!("{}{more}: {}", escaped(first), escaped(note)));
    }
}

fn one(prepared: &Prepared, work: &Work<'_>) -> anyhow::Result<Launched> {
    let Some(running) = &prepared.running else { return launch(prepared, work) };
    let _rehearsed = rehearse(prepared, work)?;
    {
        let _held = work.data.hold(&prepared.name)?;
        stop_one(&prepared.name, running, &Patience::default(), work)?;
    }
    launch(prepared, work)
}

/// Waits for those that run, and prints why the others do not.
fn settle(
    outcomes: Vec<(&str, anyhow::Result<Option<Prepared>>)>,
    launched: Vec<LaunchedVm<'_>>,
    options: &StartOptions,
    began: Instant,
    work: &Work<'_>,
) -> anyhow::Result<Vec<StartedVm>> {
    let mut running = Vec::new();
    let mut machines = Vec::new();
    let single = outcomes.len() == 1;
    let order: Vec<&str> = outcomes.iter().map(|(name, _)| *name).collect();
    for ((name, prepared), (_, launched)) in outcomes.into_iter().zip(launched) {
        let error = match (prepared, launched) {
            // The only one is the command's own error, and says that the machine was to run.
            (Ok(_), Some(Err(error))) if single => return Err(NotLaunched(error).into()),
            (Err(error), _) | (Ok(_), Some(Err(error))) => error,
            (Ok(_), Some(Ok(launched))) => {
                running.push(launched);
                continue;
            }
            (Ok(_), None) => Failure::new("it stays as it is, as you said").into(),
        };
        if single {
            return Err(error);
        }
        print(name, &error);
        machines.push(StartedVm {
            name: name.to_owned(),
            result: StartResult::Failed(sentence(&error)),
            launch: None,
            address: None,
            elapsed: began.elapsed(),
        });
    }
    for waited in wait::wait(running, options, began, work)? {
        if let StartResult::Failed(why) = &waited.result {
            print(&waited.name, &Failure::new(why.clone()).into());
        }
        machines.push(waited);
    }
    machines.sort_by_key(|vm| order.iter().position(|name| *name == vm.name));
    Ok(machines)
}

fn ended(result: &StartResult) -> Ended {
    match result {
        StartResult::Up | StartResult::Addressed | StartResult::Started => Ended::Well,
        StartResult::NoAddress(_) => Ended::WithFindings,
        StartResult::CannotTell(_) => Ended::CannotTell,
        StartResult::Failed(_) => Ended::Failed,
    }
}
