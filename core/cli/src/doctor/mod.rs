//! `vm doctor`: gather, diagnose, tell.

mod advice;
mod attention;
mod consent;
mod examine;
mod fix;
mod gather;
mod points;
mod progress;
mod provoke;
mod record;
mod replay;
mod subject;
mod wait;

use std::time::{Duration, Instant};

use vmkit_diagnose::Catalogue;
use vmkit_model::{Problem, Severity};
use vmkit_report::{Doctor, DoctorHost, DoctorNetwork, DoctorVm};
use vmkit_scoring::Lack;
use vmkit_session::{Scene, Source, worst};
use vmkit_types::{Reading, Unread};

use crate::{arguments, context::Context, exit::Exit, output};
use examine::{Examiner, Judged, Patience};
use gather::Gathered;

/// What one call of a plugin may take, at least: without one of them no cause can be named, and the
/// answer is expected within 5 s.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most DHCP messages of one machine that are shown.
const MOST_RUNGS: usize = 40;

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Doctor, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let catalogue = Catalogue::builtin()?.with_commands(arguments::has_command);
    let settings = context.settings.clone().with_patience(PATIENCE);
    let save = record::target(wanted)?;
    let source = match (&wanted.from, &save) {
        (Some(from), _) => Source::Snapshot(from.clone()),
        (None, Some(save)) => Source::Recorded(save.clone()),
        (None, None) => Source::Computer,
    };
    let mut examination = Examiner::start(wanted, source, &catalogue, &settings, context.quiet)?;
    let mut examined = examination.examine(Patience::AsWanted)?;
    let fixes = fix::fix(&mut examination, &mut examined, wanted, context)?;

    let (scene, gathered) = (&examined.look.scene, &examined.gathered);
    let vms = examination.judged(&examined)?.into_iter();
    let vms = vms.map(|judged| view_of(judged, gathered)).collect();
    let problems: Vec<Problem> = scene.problems.iter().chain(&gathered.problems).cloned().collect();
    let plugins = examined.look.outcomes.iter().chain(&gathered.outcomes).cloned().collect();
    let doctor = Doctor {
        catalogue: &catalogue,
        generated_at: scene.now(),
        elapsed: began.elapsed(),
        host: host(scene),
        network: DoctorNetwork {
            gateway: scene.network.as_ref().and_then(|network| network.gateways().next()),
            router: gathered.router.clone(),
        },
        vms,
        plugins,
        problems: problems.clone(),
        omissions: gathered.omissions.clone(),
        fixes,
    };
    if let Some(directory) = &save {
        record::write(directory, gathered)?;
        let mut page = Vec::new();
        doctor.write_html(&mut page)?;
        vmkit_snapshot::put(directory, "report.html", &page)?;
        vmkit_snapshot::save(directory, &scene.to_record(&settings))?;
        if wanted.redact {
            vmkit_snapshot::redact(directory, &scene.names())?;
        }
    }
    let terminal = output::terminal(context);
    output::answer(|out| {
        if wanted.json { doctor.write_json(out) } else { doctor.write_text(out, terminal) }
    })?;
    output::problems(&problems, context);
    Ok(exit(&doctor, &problems))
}

/// The machine as it is shown.
fn view_of(judged: Judged<'_>, gathered: &Gathered) -> DoctorVm {
    let Judged { machine, pick, at_rest, findings, diagnosis } = judged;
    let (ladder, test) = gathered.shown(machine, MOST_RUNGS);
    DoctorVm {
        name: machine.name.clone(),
        power: machine.power,
        at_rest,
        pick: pick.clone(),
        findings,
        diagnosis,
        ladder,
        test,
    }
}

fn host(scene: &Scene) -> DoctorHost {
    let interfaces = scene.network.as_ref().map(|network| network.interfaces.clone());
    DoctorHost {
        platform: scene.platform.clone(),
        privileged: scene.privileged,
        interfaces: interfaces.map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
    }
}

fn exit(doctor: &Doctor<'_>, problems: &[Problem]) -> Exit {
    let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    let lack = worst(doctor.vms.iter().map(|vm| &vm.pick)).map(|worst| worst.lack);
    if broken || lack == Some(Lack::All) {
        Exit::Failed
    } else if doctor.is_healthy() {
        Exit::Healthy
    } else if doctor.cannot_tell() {
        Exit::CannotTell
    } else {
        Exit::Findings
    }
}
