//! `vm status`.

use std::{
    collections::HashMap,
    io::IsTerminal as _,
    net::IpAddr,
    time::{Duration, Instant, SystemTime},
};

use vmkit_model::{Machine, Mode, PluginOutcome, Power, Problem, Severity};
use vmkit_report::{Meta, Status, Watch};
use vmkit_scoring::{Pick, Verdict, Weights, score};

use crate::{
    arguments,
    context::Context,
    exit::Exit,
    observe::{Observations, Observer, Place, Scene, is_alive},
    output, search,
    select::select,
};

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Status, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let place = Place::of(wanted.from.as_ref());
    if wanted.basic {
        let scene = Scene::machines_only(place, context)?;
        let machines = select(&scene, &wanted.names)?;
        let rows: Vec<_> =
            machines.into_iter().map(|machine| (machine, Pick::not_checked())).collect();
        let meta = meta(wanted, began, scene.now(), None);
        return tell(wanted, context, meta, &rows, &[], &scene.problems);
    }
    let weights = Weights::builtin()?;
    let mode = if wanted.fast { Mode::Fast } else { Mode::Full };
    let mut observer = Observer::start(place, mode, &weights, context)?;
    if let Some(interval) = wanted.watch {
        return watch(&mut observer, wanted, interval, &weights, context);
    }
    let (scene, seen) = observer.look(|scene| names(scene, wanted))?;
    let rows = rows(&scene, &seen, &wanted.names, &weights)?;
    let meta = meta(wanted, began, scene.now(), Some(weights.id()));
    tell(wanted, context, meta, &rows, &seen.outcomes, &scene.problems)
}

/// Looks again and again, until the reader leaves or the user ends it.
fn watch(
    observer: &mut Observer<'_>,
    wanted: &arguments::Status,
    interval: Duration,
    weights: &Weights,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut watch = Watch::default();
    let mut shown: HashMap<String, IpAddr> = HashMap::new();
    loop {
        let began = Instant::now();
        let (scene, seen) = observer.look(|scene| names(scene, wanted))?;
        let mut rows = rows(&scene, &seen, &wanted.names, weights)?;
        for (machine, pick) in &mut rows {
            pick.settle(shown.get(&machine.name).copied(), weights);
            match pick.address {
                Some(address) => shown.insert(machine.name.clone(), address),
                None => shown.remove(&machine.name),
            };
        }
        let meta = meta(wanted, began, scene.now(), Some(weights.id()));
        let machines = rows.iter().map(|(machine, pick)| (*machine, pick));
        let status = Status::new(meta, machines, &seen.outcomes, &scene.problems);
        output::answer(|out| {
            if std::io::stdout().is_terminal() {
                watch.draw(&status, out, output::terminal(context))
            } else {
                watch.write_changes(&status, out)
            }
        })?;
        if !output::reader_stays_for(interval)? {
            return Ok(Exit::Healthy);
        }
    }
}

fn names(scene: &Scene, wanted: &arguments::Status) -> anyhow::Result<Vec<String>> {
    let machines = select(scene, &wanted.names)?;
    Ok(machines.into_iter().map(|machine| machine.name.clone()).collect())
}

/// The machines of these names, or all, each with its pick.
pub(crate) fn rows<'a>(
    scene: &'a Scene,
    seen: &'a Observations,
    names: &[String],
    weights: &Weights,
) -> anyhow::Result<Vec<(&'a Machine, Pick)>> {
    let network = scene.network.as_ref();
    let mut picks: Vec<Option<Pick>> =
        score(&seen.cases, &seen.evidence, network, scene.now(), weights)
            .into_iter()
            .map(Some)
            .collect();
    let machines = select(scene, names)?.into_iter();
    Ok(machines
        .map(|machine| {
            let case = seen.cases.iter().position(|case| case.name == machine.name);
            let pick = case.filter(|_| is_alive(machine)).and_then(|case| picks[case].take());
            let mut pick = pick.unwrap_or_else(Pick::not_running);
            search::check(&mut pick, &seen.outcomes);
            (machine, pick)
        })
        .collect())
}

fn meta(
    wanted: &arguments::Status,
    began: Instant,
    generated_at: SystemTime,
    weights: Option<&str>,
) -> Meta {
    let mode = match (wanted.basic, wanted.fast) {
        (true, _) => Mode::Basic,
        (false, true) => Mode::Fast,
        (false, false) => Mode::Full,
    };
    Meta {
        mode,
        generated_at,
        elapsed: began.elapsed(),
        weights: weights.map(str::to_owned),
        statistics: !wanted.no_stats,
    }
}

/// Shows the answer and says what it means for scripts.
fn tell(
    wanted: &arguments::Status,
    context: &Context,
    meta: Meta,
    rows: &[(&Machine, Pick)],
    plugins: &[PluginOutcome],
    problems: &[Problem],
) -> anyhow::Result<Exit> {
    let exit = exit(wanted, rows, problems);
    let machines = rows.iter().map(|(machine, pick)| (*machine, pick));
    let status = Status::new(meta, machines, plugins, problems);
    let terminal = output::terminal(context);
    output::answer(|out| match (wanted.json, wanted.explain) {
        (true, _) => status.write_json(out),
        (false, true) => status.write_explanation(out, terminal),
        (false, false) => status.write_text(out, terminal),
    })?;
    output::problems(problems, context);
    Ok(exit)
}

fn exit(wanted: &arguments::Status, rows: &[(&Machine, Pick)], problems: &[Problem]) -> Exit {
    let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    let of_named = rows.iter().map(|(machine, pick)| exit_of_named(machine, pick));
    let unchecked = search::lack(rows.iter().map(|(_, pick)| pick)).map(Exit::from);
    let worst = if wanted.names.is_empty() { unchecked } else { of_named.max() };
    if broken { Exit::Failed } else { worst.unwrap_or(Exit::Healthy) }
}

/// What it means that this machine was asked for by name.
pub(crate) fn exit_of_named(machine: &Machine, pick: &Pick) -> Exit {
    if let Some(unchecked) = &pick.unchecked {
        return unchecked.lack.into();
    }
    match pick.verdict {
        Verdict::Resolved | Verdict::Probable | Verdict::NotChecked => Exit::Healthy,
        Verdict::Ambiguous => Exit::CannotTell,
        Verdict::NoAddress | Verdict::NotRunning if machine.power == Power::Unknown => {
            Exit::CannotTell
        }
        Verdict::NoAddress | Verdict::NotRunning => Exit::Findings,
    }
}
