//! `vm doctor`: gather, diagnose, tell.

mod advice;
mod consent;
mod gather;
mod record;
mod replay;
mod subject;

use std::time::Instant;

use vmkit_diagnose::{Catalogue, Diagnosis, Facts, Finding, Router, diagnose, findings};
use vmkit_inventory::{Machine, Problem, Severity};
use vmkit_report::{Doctor, DoctorHost, DoctorNetwork, DoctorVm};
use vmkit_scoring::{Pick, Weights};
use vmkit_types::{Reading, Unread};

use crate::{
    arguments,
    context::Context,
    exit::Exit,
    observe::{Observations, Observer, Place, Scene, capture, is_alive},
    output,
    select::select,
    status::{rows, view},
};
use gather::Gathered;
use subject::Subjects;

/// Most DHCP messages of one machine that are shown.
const MOST_RUNGS: usize = 40;

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Doctor, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let catalogue = Catalogue::builtin()?;
    let weights = Weights::builtin()?;
    let save = record::target(wanted)?;
    let place = match (&wanted.from, &save) {
        (Some(from), _) => Place::Snapshot(from),
        (None, Some(save)) => Place::Recorded(save),
        (None, None) => Place::Computer,
    };
    let mode = vmkit_wire::Mode::Full;
    let mut observer = if wanted.passive {
        Observer::start_silent(place, mode, &weights, context)?
    } else {
        Observer::start(place, mode, &weights, context)?.thoroughly()
    };
    let (scene, seen) = observer.look(|scene| {
        Ok(select(scene, &wanted.names)?.into_iter().map(|m| m.name.clone()).collect())
    })?;
    let rows = rows(&scene, &seen, &wanted.names, &weights)?;
    let subjects = Subjects::new(&scene, &rows);

    let unsettled = |gathered: &Gathered| -> Vec<String> {
        let open = |(machine, pick): &&(&Machine, Pick<'_>)| {
            let (_, diagnosis) =
                judge(machine, pick, &subjects, gathered, &seen, &scene, &catalogue);
            !diagnosis.healthy && diagnosis.next_test.is_some()
        };
        rows.iter().filter(open).map(|(machine, _)| machine.name.clone()).collect()
    };
    let mut gathered = if let Some(directory) = &wanted.from {
        replay::gather(directory, &subjects, &scene, context)?
    } else {
        let names: Vec<&str> = rows.iter().map(|(machine, _)| machine.name.as_str()).collect();
        gather::live(wanted, &names, &subjects, &scene, context, unsettled)
    };
    if let Some(directory) = &save {
        record::write(directory, &gathered)?;
        vmkit_snapshot::save(directory, &capture(&scene, context))?;
        if wanted.redact {
            vmkit_snapshot::redact(directory, &scene.names())?;
        }
    }

    let vms: Vec<DoctorVm<'_>> = rows
        .into_iter()
        .map(|(machine, pick)| {
            let (found, diagnosis) =
                judge(machine, &pick, &subjects, &gathered, &seen, &scene, &catalogue);
            let sleeping = !is_alive(machine) && wanted.names.is_empty();
            let (ladder, test) = gathered.shown(machine, MOST_RUNGS);
            DoctorVm {
                name: machine.name.clone(),
                power: view::power(machine.power),
                pick,
                findings: found,
                // Nobody asked about it: that it does not run is no fault.
                diagnosis: if sleeping && !every_machine_sleeps(&scene) {
                    healthy()
                } else {
                    diagnosis
                },
                ladder,
                test,
            }
        })
        .collect();
    let problems: Vec<Problem> = scene.problems.iter().chain(&gathered.problems).cloned().collect();
    let mut plugins: Vec<_> = seen.outcomes.iter().map(view::plugin).collect();
    plugins.extend(gathered.outcomes.iter().map(view::plugin));
    let doctor = Doctor {
        catalogue: &catalogue,
        generated_at: scene.now(),
        elapsed: began.elapsed(),
        host: host(&scene, context),
        network: DoctorNetwork {
            gateway: scene.network.as_ref().and_then(|network| network.gateways().next()),
            router: gathered.router.clone(),
        },
        vms,
        plugins,
        problems: view::problems(&problems),
        left_out: std::mem::take(&mut gathered.left_out),
    };
    let terminal = output::terminal(context);
    output::answer(|out| {
        if wanted.json { doctor.write_json(out) } else { doctor.write_text(out, terminal) }
    })?;
    output::problems(&problems, context);
    Ok(exit(&doctor, &problems))
}

fn every_machine_sleeps(scene: &Scene) -> bool {
    !scene.machines.iter().any(is_alive)
}

fn healthy() -> Diagnosis {
    Diagnosis {
        healthy: true,
        causes: Vec::new(),
        unknown_probability: 0.0,
        together: None,
        cannot_tell: None,
        next_test: None,
        unexplained: Vec::new(),
    }
}

/// What is found out about one machine, and what follows.
fn judge(
    machine: &Machine,
    pick: &Pick<'_>,
    subjects: &Subjects,
    gathered: &Gathered,
    seen: &Observations,
    scene: &Scene,
    catalogue: &Catalogue,
) -> (Vec<Finding>, Diagnosis) {
    let own = subjects.of(&machine.name);
    let case = seen.cases.iter().position(|case| case.name == machine.name);
    let evidence = seen.evidence.iter().filter(|item| Some(item.observation.vm) == case).collect();
    let router: Reading<Router> = gathered.router_of(own);
    let test = gathered.test_of(&machine.name);
    let facts = Facts {
        now: scene.now(),
        platform: subjects.platform,
        machine: own,
        machines: &subjects.machines,
        network: scene.network.as_ref().map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
        survey: &gathered.survey,
        evidence,
        pick,
        guest_traffic: gathered.guest_of(&machine.name),
        uplink_traffic: gathered.uplink_of(&machine.name),
        test: test.as_ref().map(Vec::as_slice),
        router: router.as_ref(),
    };
    let found = findings(&facts, catalogue);
    let diagnosis = diagnose(&facts, &found, catalogue);
    (found, diagnosis)
}

fn host(scene: &Scene, context: &Context) -> DoctorHost {
    let interfaces = scene.network.as_ref().map(|network| network.interfaces.clone());
    DoctorHost {
        platform: scene.platform(),
        privileged: scene.privileged(context),
        interfaces: interfaces.map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
    }
}

fn exit(doctor: &Doctor<'_>, problems: &[Problem]) -> Exit {
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        Exit::Failed
    } else if doctor.is_healthy() {
        Exit::Healthy
    } else if doctor.cannot_tell() {
        Exit::CannotTell
    } else {
        Exit::Findings
    }
}
