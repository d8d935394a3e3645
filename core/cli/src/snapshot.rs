//! `vm snapshot`.

use std::path::Path;

use vmkit_report::{Recorded, SnapshotCheck};
use vmkit_session::{Builder, Scene, Selection, Source, begin_snapshot, worst};
use vmkit_snapshot::{Maker, Record, Target};
use vmkit_types::escaped;

use crate::{arguments::SnapshotCommand, context::Context, exit::Exit, output};

/// Runs the command.
pub(crate) fn run(command: &SnapshotCommand, context: &Context) -> anyhow::Result<Exit> {
    match command {
        SnapshotCommand::Save { directory, redact, processes } => {
            save(directory, *redact, *processes, context)
        }
        SnapshotCommand::Redact { directory, copy } => {
            let record = vmkit_snapshot::open(directory)?;
            let target = Target::new(copy)?;
            match target.unpacked() {
                Some(unpacked) => vmkit_snapshot::redact_into(&record, unpacked)?,
                None => vmkit_snapshot::redact(&record, copy)?,
            }
            let vmkit = env!("CARGO_PKG_VERSION").to_owned();
            target.finish(&Maker { vmkit, system: None, redacted: true })?;
            output::problems(&record.inventory.problems, context);
            check(copy, false)
        }
        SnapshotCommand::Check { directory, json } => check(directory, *json),
        SnapshotCommand::Show { directory } => show(directory, context),
    }
}

/// What makes a snapshot of this scene.
pub(crate) fn maker(scene: &Scene, redacted: bool) -> Maker {
    let vmkit = env!("CARGO_PKG_VERSION").to_owned();
    Maker { vmkit, system: scene.system.clone().known(), redacted }
}

fn save(path: &Path, redact: bool, processes: bool, context: &Context) -> anyhow::Result<Exit> {
    let (writer, target) = begin_snapshot(path, redact, |it| processes || output::consents(it))?;
    let settings = &context.settings;
    let source = Source::Recorded(writer.artefacts().clone());
    let mut session = Builder::new(settings.clone()).source(source).thorough().start()?;
    let look = session.look(&Selection::all())?;
    writer.finish(&look.scene.to_record(settings))?;
    target.finish(&maker(&look.scene, redact))?;
    for outcome in &look.outcomes {
        if let Some(message) = &outcome.message {
            tracing::info!("{}: {}: {message}", outcome.id, outcome.status);
        }
    }
    output::problems(&look.scene.problems, context);
    let unchecked = worst(look.picks.values());
    let shown = show(path, context)?;
    Ok(unchecked.map_or(shown, |unchecked| {
        let (why, hint) = (escaped(&unchecked.reason), escaped(&unchecked.hint));
        output::note(&format!("the record lacks addresses: {why}; next: {hint}\n"));
        unchecked.lack.into()
    }))
}

fn check(directory: &Path, json: bool) -> anyhow::Result<Exit> {
    let traces = vmkit_snapshot::check(directory)?;
    let exit = if traces.is_empty() { Exit::Healthy } else { Exit::Findings };
    let check = SnapshotCheck { directory: directory.display().to_string(), traces };
    output::answer(|out| if json { check.write_json(out) } else { check.write_text(out) })?;
    Ok(exit)
}

fn show(directory: &Path, context: &Context) -> anyhow::Result<Exit> {
    let record = vmkit_snapshot::open(directory)?;
    let recorded = recorded(directory, &record);
    let terminal = output::terminal(context);
    output::answer(|out| recorded.write_text(out, terminal))?;
    output::problems(&record.inventory.problems, context);
    Ok(Exit::Healthy)
}

fn recorded(directory: &Path, record: &Record) -> Recorded {
    Recorded {
        directory: directory.display().to_string(),
        captured_at: record.captured_at,
        platform: record.platform.clone(),
        privileged: record.privileged,
        interfaces: record.network.as_ref().map(|network| network.interfaces.len()),
        machines: record.inventory.machines.iter().map(|machine| machine.name.clone()).collect(),
        artefacts: record.artefacts.iter().map(|(name, size)| (name.clone(), *size)).collect(),
    }
}
