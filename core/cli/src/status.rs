//! `vm status`.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use vmkit_model::{Machine, Mode, PluginOutcome, Power, Problem, Severity};
use vmkit_report::{Meta, Status, Watch};
use vmkit_scoring::{Pick, Verdict};
use vmkit_session::{Builder, Row, Scene, Selection, Session, worst};

use crate::{
    arguments,
    context::{Context, source},
    exit::Exit,
    output,
};

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Status, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let (source, selection) = (source(wanted.from.as_ref()), Selection::named(&wanted.names));
    if wanted.basic {
        let scene = Scene::machines_only(&source, &context.settings)?;
        let pick = Pick::not_checked();
        let machines = selection.of(&scene)?.into_iter();
        let rows: Vec<_> = machines.map(|machine| Row { machine, pick: &pick }).collect();
        let meta = meta(wanted, began, &scene, None, context);
        return show(wanted, context, meta, &rows, scene.inventories(), &scene.problems);
    }
    let builder = Builder::new(context.settings.clone()).source(source);
    let builder = if wanted.fast { builder.fast() } else { builder };
    let mut session = builder.start()?;
    if let Some(interval) = wanted.watch {
        return watch(&mut session, &selection, wanted, interval, context);
    }
    let look = session.look(&selection)?;
    let rows = look.rows(&selection)?;
    let meta = meta(wanted, began, &look.scene, Some(session.weights().id()), context);
    show(wanted, context, meta, &rows, &look.outcomes, &look.scene.problems)
}

/// Looks again and again, until the reader leaves or the user ends it.
fn watch(
    session: &mut Session,
    selection: &Selection,
    wanted: &arguments::Status,
    interval: Duration,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut watch = Watch::default();
    loop {
        let began = Instant::now();
        let look = session.follow(selection)?;
        let rows = look.rows(selection)?;
        let meta = meta(wanted, began, &look.scene, Some(session.weights().id()), context);
        let machines = rows.iter().map(|row| (row.machine, row.pick));
        let status = Status::new(meta, machines, &look.outcomes, &look.scene.problems);
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

fn meta(
    wanted: &arguments::Status,
    began: Instant,
    scene: &Scene,
    weights: Option<&str>,
    context: &Context,
) -> Meta {
    let mode = match (wanted.basic, wanted.fast) {
        (true, _) => Mode::Basic,
        (false, true) => Mode::Fast,
        (false, false) => Mode::Full,
    };
    Meta {
        mode,
        generated_at: scene.now(),
        elapsed: began.elapsed(),
        weights: weights.map(str::to_owned),
        statistics: !wanted.no_stats,
        managers: scene.managers().iter().map(ToString::to_string).collect(),
        place: context.settings.command_place(wanted.from.as_deref()),
    }
}

/// Prints the answer; returns what it means for scripts.
fn show(
    wanted: &arguments::Status,
    context: &Context,
    meta: Meta,
    rows: &[Row<'_>],
    plugins: &[PluginOutcome],
    problems: &[Problem],
) -> anyhow::Result<Exit> {
    let exit = exit(wanted, rows, problems);
    let machines = rows.iter().map(|row| (row.machine, row.pick));
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

fn exit(wanted: &arguments::Status, rows: &[Row<'_>], problems: &[Problem]) -> Exit {
    let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    let of_named = rows.iter().map(|row| exit_of_named(row.machine, row.pick));
    let unchecked = worst(rows.iter().map(|row| row.pick)).map(|worst| Exit::from(worst.lack));
    let worst = if wanted.names.is_empty() { unchecked } else { of_named.max() };
    if broken { Exit::Failed } else { worst.unwrap_or(Exit::Healthy) }
}

/// The exit status of a machine that was asked for by name.
pub(crate) fn exit_of_named(machine: &Machine, pick: &Pick) -> Exit {
    if pick.is_reached_at_endpoint(machine) {
        return Exit::Healthy;
    }
    if let Some(unchecked) = &pick.unchecked {
        return unchecked.lack.into();
    }
    if machine.foreign {
        return Exit::CannotTell;
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
