//! `vm status`.

pub(crate) mod view;

use std::time::{Instant, SystemTime};

use vmkit_host::{Run, Settings, Snapshot, Target};
use vmkit_inventory::{Depth, Inventory, Location, Machine, Power, Problem, Severity, read};
use vmkit_report::{Meta, Mode, Status};
use vmkit_scoring::{Case, Pick, Verdict, Weights, candidates_to_probe, score};
use vmkit_types::Subject;

use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Status, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let (location, mut problems) = context.location()?;
    if wanted.basic {
        let inventory = read(&location, &vmkit_platform::current(), Depth::ProcessesOnly);
        problems.extend(inventory.problems);
        let machines = select(&inventory.machines, &wanted.names, &location, &problems)?;
        let rows = machines.into_iter().map(|machine| (machine, Pick::not_checked())).collect();
        let meta = meta(wanted, Mode::Basic, began, None);
        return tell(wanted, context, meta, rows, Vec::new(), problems);
    }

    let mode = if wanted.fast { Mode::Fast } else { Mode::Full };
    let weights = Weights::builtin()?;
    // Workers load while the inventory is read.
    let settings = settings(context, mode)?;
    let mut run = Run::start(context.plugins(), &context.installation, settings);
    let Inventory { machines, problems: found } =
        read(&location, &vmkit_platform::current(), Depth::WithQmp);
    problems.extend(found);
    let selected = select(&machines, &wanted.names, &location, &problems)?;
    let network = context.network().known();

    // All running machines are asked about, even when few are wanted: an address or a MAC that two
    // of them share is seen only then.
    let alive: Vec<&Machine> = machines.iter().filter(|machine| is_alive(machine)).collect();
    let cases: Vec<Case> = alive.iter().map(|machine| case(machine)).collect();
    let evidence = run.discover(alive.iter().map(|machine| target(machine)).collect());
    let now = SystemTime::now();
    let mut probes = candidates_to_probe(&cases, &evidence, network.as_ref(), now, &weights);
    for (machine, probes) in alive.iter().zip(&mut probes) {
        let wanted = selected.iter().any(|other| other.name == machine.name);
        // A paused machine cannot answer, and its silence would count against its address.
        if !wanted || machine.power == Power::Paused {
            probes.clear();
        }
    }
    run.confirm(&probes);
    let observed = run.finish();

    let now = SystemTime::now();
    let mut picks: Vec<Option<Pick<'_>>> =
        score(&cases, &observed.evidence, network.as_ref(), now, &weights)
            .into_iter()
            .map(Some)
            .collect();
    let rows = selected
        .into_iter()
        .map(|machine| {
            let at = alive.iter().position(|other| other.name == machine.name);
            let pick = at.and_then(|at| picks[at].take()).unwrap_or_else(Pick::not_running);
            (machine, pick)
        })
        .collect();
    let meta = meta(wanted, mode, began, Some(weights.id()));
    let plugins = observed.outcomes.iter().map(view::plugin).collect();
    tell(wanted, context, meta, rows, plugins, problems)
}

fn settings(context: &Context, mode: Mode) -> anyhow::Result<Settings> {
    Ok(Settings {
        mode: if mode == Mode::Fast { vmkit_wire::Mode::Fast } else { vmkit_wire::Mode::Full },
        call_deadline: context.call_deadline,
        log_level: context.log_level,
        configurations: context.config.plugin_configurations()?,
        snapshot: Snapshot::None,
    })
}

fn meta(wanted: &arguments::Status, mode: Mode, began: Instant, weights: Option<&str>) -> Meta {
    Meta {
        mode,
        generated_at: SystemTime::now(),
        elapsed: began.elapsed(),
        weights: weights.map(str::to_owned),
        statistics: !wanted.no_stats,
    }
}

/// The machines of these names; all, where none is named.
fn select<'a>(
    machines: &'a [Machine],
    names: &[String],
    location: &Location,
    problems: &[Problem],
) -> anyhow::Result<Vec<&'a Machine>> {
    let lacking = problems.iter().find(|problem| {
        problem.path == location.data_directory && problem.severity == Severity::Error
    });
    if let Some(problem) = lacking.filter(|_| machines.is_empty()) {
        let directory = location.data_directory.display();
        let failure = Failure::new(format!("{directory}: {}", problem.message));
        return Err(failure.with_hint("name another one: `vm --data-dir DIR status`").into());
    }
    if names.is_empty() {
        return Ok(machines.iter().collect());
    }
    let mut selected: Vec<&Machine> = Vec::new();
    for name in names {
        let Some(machine) = machines.iter().find(|machine| machine.name == *name) else {
            let known: Vec<_> = machines.iter().take(10).map(|m| m.name.as_str()).collect();
            let failure = Failure::new(format!("there is no VM named `{name}`"));
            return Err(if known.is_empty() {
                failure.with_hint(format!("{} holds no VMs", location.base_directory.display()))
            } else {
                failure.with_hint(format!("the VMs here are: {}", known.join(", ")))
            }
            .into());
        };
        if !selected.iter().any(|other| other.name == machine.name) {
            selected.push(machine);
        }
    }
    Ok(selected)
}

fn is_alive(machine: &Machine) -> bool {
    matches!(machine.power, Power::Running | Power::Paused)
}

fn case(machine: &Machine) -> Case {
    let net = machine.net.as_ref().known();
    Case {
        name: machine.name.clone(),
        macs: machine.mac.as_ref().known().copied().into_iter().collect(),
        running: true,
        started_at: machine.started_at,
        mode: net.map(|net| net.mode),
        interface: net.and_then(|net| net.interface.clone()),
    }
}

fn target(machine: &Machine) -> Target {
    Target {
        subject: Subject {
            name: machine.name.clone(),
            macs: machine.mac.as_ref().known().copied().into_iter().collect(),
            hostname: machine.hostname.as_ref().known().cloned(),
            has_console: machine.console_log.is_some(),
            candidates: Vec::new(),
        },
        console: machine.console_log.clone(),
    }
}

/// Shows the answer and says what it means for scripts.
fn tell(
    wanted: &arguments::Status,
    context: &Context,
    meta: Meta,
    rows: Vec<(&Machine, Pick<'_>)>,
    plugins: Vec<vmkit_report::PluginReport>,
    problems: Vec<Problem>,
) -> anyhow::Result<Exit> {
    let exit = exit(wanted, &rows, &problems);
    let now = meta.generated_at;
    let vms = rows.into_iter().map(|(machine, pick)| view::vm(machine, pick, now)).collect();
    let status = Status::new(meta, vms, plugins, view::problems(&problems));
    let terminal = output::terminal(context);
    output::answer(|out| match (wanted.json, wanted.explain) {
        (true, _) => status.write_json(out),
        (false, true) => status.write_explanation(out, terminal),
        (false, false) => status.write_text(out, terminal),
    })?;
    for problem in problems {
        let wanted = problem.severity == Severity::Error || !context.quiet;
        if wanted {
            output::note(&view::problem_line(&problem));
        }
    }
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
