//! `vm snapshot save` and `vm snapshot show`.

use std::path::Path;

use anyhow::Context as _;
use vmkit_report::Recorded;
use vmkit_session::{Builder, Selection, Source, worst};
use vmkit_snapshot::Record;
use vmkit_types::escaped;

use crate::{arguments::SnapshotCommand, context::Context, exit::Exit, output};

/// Runs the command.
pub(crate) fn run(command: &SnapshotCommand, context: &Context) -> anyhow::Result<Exit> {
    match command {
        SnapshotCommand::Save { directory, redact } => save(directory, *redact, context),
        SnapshotCommand::Show { directory } => show(directory, context),
    }
}

fn save(directory: &Path, redact: bool, context: &Context) -> anyhow::Result<Exit> {
    // Workers have another working directory.
    let directory = &std::path::absolute(directory).context("cannot name the directory")?;
    vmkit_snapshot::prepare(directory)?;
    let settings = &context.settings;
    let source = Source::Recorded(directory.clone());
    let mut session = Builder::new(settings.clone()).source(source).thorough().start()?;
    let look = session.look(&Selection::all())?;
    vmkit_snapshot::save(directory, &look.scene.to_record(settings))?;
    if redact {
        vmkit_snapshot::redact(directory, &look.scene.names())?;
    }
    for outcome in &look.outcomes {
        if let Some(message) = &outcome.message {
            tracing::info!("{}: {}: {message}", outcome.id, outcome.status);
        }
    }
    output::problems(&look.scene.problems, context);
    let unchecked = worst(look.picks.values());
    let shown = show(directory, context)?;
    Ok(unchecked.map_or(shown, |unchecked| {
        let (why, hint) = (escaped(&unchecked.reason), escaped(&unchecked.hint));
        output::note(&format!("the record lacks addresses: {why}; next: {hint}\n"));
        unchecked.lack.into()
    }))
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
    let size = |path: &Path| path.symlink_metadata().ok().map(|status| status.len());
    Recorded {
        directory: directory.display().to_string(),
        captured_at: record.captured_at,
        platform: record.platform.clone(),
        privileged: record.privileged,
        interfaces: record.network.as_ref().map(|network| network.interfaces.len()),
        machines: record.inventory.machines.iter().map(|machine| machine.name.clone()).collect(),
        artefacts: record.artefacts.iter().map(|(name, path)| (name.clone(), size(path))).collect(),
    }
}
