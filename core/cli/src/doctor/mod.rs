//! `vm doctor`: flags to a request, an examination to a report.

mod attention;
mod on_failure;
mod open;
mod terminal;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use vmkit_diagnose::Catalogue;
use vmkit_doctor::{Assessment, Doctor, FixRequest, Gathered, Request, Treatment};
use vmkit_model::CommandPlace;
use vmkit_report::{Conclusion, DoctorHost, DoctorNetwork, DoctorVm, command_line};
use vmkit_session::{Scene, Selection, Source, begin_snapshot};
use vmkit_snapshot::Writer;
use vmkit_types::{Reading, Unread, escaped};

use crate::{arguments, context::Context, exit::Exit, output, snapshot};
pub(crate) use on_failure::OnFailure;
use terminal::Terminal;

/// Minimum deadline of a plugin's call: an examination may take 5 s, and without one signal it
/// cannot name a cause.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most DHCP messages of one machine that are shown.
const MOST_MESSAGES: usize = 40;

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Doctor, context: &Context) -> anyhow::Result<Exit> {
    let catalogue = Catalogue::builtin()?.with_commands(arguments::has_command);
    let report = examine(wanted, context, &catalogue, &mut Terminal::new(context.quiet)?)?;
    let terminal = output::terminal(context);
    output::answer(|out| match (wanted.json, wanted.short, wanted.explain) {
        (true, ..) => report.write_json(out),
        (_, true, _) => report.write_short(out),
        (.., true) => report.write_explanation(out, terminal),
        _ => report.write_text(out, terminal),
    })?;
    output::problems(&report.problems, context);
    if let Some(path) = wanted.save.as_deref().filter(|_| !context.quiet) {
        output::note(&saved_in(path));
    }
    if wanted.open {
        let mut page = Vec::new();
        report.write_html(&mut page)?;
        open::open(&page, &context.settings)?;
    }
    Ok(match report.conclusion() {
        Conclusion::Healthy => Exit::Healthy,
        Conclusion::Cause => Exit::Findings,
        Conclusion::CannotTell => Exit::CannotTell,
        Conclusion::NotDone => Exit::Failed,
    })
}

/// Examines, and saves what is to be saved.
fn examine<'a>(
    wanted: &arguments::Doctor,
    context: &Context,
    catalogue: &'a Catalogue,
    person: &mut Terminal,
) -> anyhow::Result<vmkit_report::Doctor<'a>> {
    let began = Instant::now();
    let settings = context.settings.clone().with_patience(PATIENCE);
    let make = |path: &PathBuf| begin_snapshot(path, wanted.redact, |it| person.consents(it));
    let (writer, target) = wanted.save.as_ref().map(make).transpose()?.unzip();
    let request = request(wanted, writer.as_ref());
    let mut doctor = Doctor::start(request, settings.clone(), catalogue)?;
    let examination = doctor.examine(person)?;
    let treatment = doctor.fix(examination, person)?;
    let idle = doctor.idle(&treatment).into_iter().filter(|_| !context.quiet);
    idle.for_each(|idle| output::note(&format!("{}\n", escaped(&idle))));

    if let Some(writer) = writer {
        let report = report(&treatment, catalogue, began.elapsed());
        treatment.examination.gathered.save(writer.artefacts())?;
        let scene = &treatment.examination.look.scene;
        let mut page = Vec::new();
        report.write_html(&mut page)?;
        vmkit_snapshot::put(writer.artefacts(), "report.html", &page)?;
        writer.finish(&scene.to_record(&settings))?;
        if let Some(target) = target {
            target.finish(&snapshot::maker(scene, wanted.redact))?;
        }
    }
    // What is saved names no place of this computer, and a snapshot's commands are for the computer it is of. A
    // program knows where it has looked.
    let plain = wanted.json || wanted.from.is_some();
    let place = if plain { CommandPlace::default() } else { context.settings.command_place(None) };
    Ok(report(&treatment.placed(&place), catalogue, began.elapsed()))
}

fn request(wanted: &arguments::Doctor, writer: Option<&Writer>) -> Request {
    let source = match (&wanted.from, writer) {
        (Some(from), _) => Source::Snapshot(from.clone()),
        (None, Some(writer)) => Source::Recorded(writer.artefacts().clone()),
        (None, None) => Source::Computer,
    };
    let fix = wanted.fix.clone();
    Request {
        selection: Selection::named(&wanted.names),
        source,
        passive: wanted.passive,
        wait: wanted.wait,
        unplug: wanted.provoke,
        inside: wanted.inside,
        yes: wanted.yes,
        fix: fix.map(|named| named.map_or(FixRequest::Offered, FixRequest::Named)),
    }
}

fn report<'a>(
    treatment: &Treatment,
    catalogue: &'a Catalogue,
    elapsed: Duration,
) -> vmkit_report::Doctor<'a> {
    let Treatment { examination, fixes, omissions } = treatment;
    let (scene, gathered) = (&examination.look.scene, &examination.gathered);
    let vms = examination.assessments.iter().map(|assessment| vm(assessment, gathered));
    let gateway = scene.network.as_ref().and_then(|network| network.gateways().next());
    vmkit_report::Doctor {
        catalogue,
        generated_at: scene.now(),
        elapsed,
        host: host(scene),
        network: DoctorNetwork { gateway, router: gathered.router.clone() },
        vms: vms.collect(),
        plugins: examination.outcomes().cloned().collect(),
        problems: examination.problems().cloned().collect(),
        omissions: gathered.omissions.iter().chain(omissions).cloned().collect(),
        fixes: fixes.clone(),
    }
}

fn vm(assessment: &Assessment, gathered: &Gathered) -> DoctorVm {
    let Assessment { machine, pick, at_rest, findings, diagnosis, path } = assessment.clone();
    let dhcp = gathered.dhcp(&machine, MOST_MESSAGES);
    DoctorVm {
        inside: gathered.way_inside(&machine.name),
        name: machine.name,
        power: machine.power,
        qemu: machine.qmp.known().and_then(|status| status.version),
        at_rest,
        pick,
        findings,
        diagnosis,
        path,
        ladder: dhcp.ladder,
        test: dhcp.test,
    }
}

fn host(scene: &Scene) -> DoctorHost {
    let interfaces = scene.network.as_ref().map(|network| network.interfaces.clone());
    DoctorHost {
        platform: scene.platform.clone(),
        system: scene.system.clone(),
        privileged: scene.privileged,
        interfaces: interfaces.map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
    }
}

/// Where a snapshot was saved, and how to look at it.
fn saved_in(path: &Path) -> String {
    let path = path.display().to_string();
    let look = command_line(&["vm", "doctor", "--from", &path].map(str::to_owned));
    format!("what was seen is saved in {}; look at it: {look}\n", escaped(&path))
}
