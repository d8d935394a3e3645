//! `vm status`.

pub(crate) mod view;

use std::time::{Instant, SystemTime};

use vmkit_inventory::{Machine, Power, Problem, Severity};
use vmkit_report::{Meta, Mode, PluginReport, Status};
use vmkit_scoring::{Pick, Verdict, Weights, score};

use crate::{
    arguments,
    context::Context,
    exit::Exit,
    observe::{Place, Scene, is_alive, observe},
    output,
    select::select,
};

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Status, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let place = Place::of(wanted.from.as_ref());
    if wanted.basic {
        let scene = Scene::machines_only(place, context)?;
        let machines = select(&scene, &wanted.names)?;
        let rows = machines.into_iter().map(|machine| (machine, Pick::not_checked())).collect();
        let meta = meta(wanted, Mode::Basic, began, scene.now(), None);
        return tell(wanted, context, meta, rows, Vec::new(), &scene.problems);
    }

    let weights = Weights::builtin()?;
    let (mode, asked) = if wanted.fast {
        (Mode::Fast, vmkit_wire::Mode::Fast)
    } else {
        (Mode::Full, vmkit_wire::Mode::Full)
    };
    let names = |scene: &Scene| {
        let machines = select(scene, &wanted.names)?;
        Ok(machines.into_iter().map(|machine| machine.name.clone()).collect())
    };
    let (scene, seen) = observe(place, asked, &weights, context, names)?;
    let now = scene.now();
    let mut picks: Vec<Option<Pick<'_>>> =
        score(&seen.cases, &seen.evidence, scene.network.as_ref(), now, &weights)
            .into_iter()
            .map(Some)
            .collect();
    let rows = select(&scene, &wanted.names)?
        .into_iter()
        .map(|machine| {
            let case = seen.cases.iter().position(|case| case.name == machine.name);
            let pick = case.filter(|_| is_alive(machine)).and_then(|case| picks[case].take());
            (machine, pick.unwrap_or_else(Pick::not_running))
        })
        .collect();
    let plugins = seen.outcomes.iter().map(view::plugin).collect();
    let meta = meta(wanted, mode, began, now, Some(weights.id()));
    tell(wanted, context, meta, rows, plugins, &scene.problems)
}

fn meta(
    wanted: &arguments::Status,
    mode: Mode,
    began: Instant,
    generated_at: SystemTime,
    weights: Option<&str>,
) -> Meta {
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
    rows: Vec<(&Machine, Pick<'_>)>,
    plugins: Vec<PluginReport>,
    problems: &[Problem],
) -> anyhow::Result<Exit> {
    let exit = exit(wanted, &rows, problems);
    let now = meta.generated_at;
    let vms = rows.into_iter().map(|(machine, pick)| view::vm(machine, pick, now)).collect();
    let status = Status::new(meta, vms, plugins, view::problems(problems));
    let terminal = output::terminal(context);
    output::answer(|out| match (wanted.json, wanted.explain) {
        (true, _) => status.write_json(out),
        (false, true) => status.write_explanation(out, terminal),
        (false, false) => status.write_text(out, terminal),
    })?;
    output::problems(problems, context);
    Ok(exit)
}

fn exit(wanted: &arguments::Status, rows: &[(&Machine, Pick<'_>)], problems: &[Problem]) -> Exit {
    let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    let of_named = rows.iter().map(|(machine, pick)| match pick.verdict {
        Verdict::Resolved | Verdict::Probable | Verdict::NotChecked => Exit::Healthy,
        Verdict::Ambiguous => Exit::CannotTell,
        Verdict::NoAddress | Verdict::NotRunning if machine.power == Power::Unknown => {
            Exit::CannotTell
        }
        Verdict::NoAddress | Verdict::NotRunning => Exit::Findings,
    });
    let worst = if wanted.names.is_empty() { None } else { of_named.max() };
    if broken { Exit::Failed } else { worst.unwrap_or(Exit::Healthy) }
}
