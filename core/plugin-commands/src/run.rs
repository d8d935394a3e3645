//! `vm plugin run`.

use std::path::Path;

use vmkit_authoring::list_machines;
use vmkit_host::{Plugin, examine};
use vmkit_model::PluginStatus;
use vmkit_report::{PluginRun, RunMachine, RunObservation};
use vmkit_session::{Builder, Selection, Source};
use vmkit_types::{ListedMachine, escaped};
use vmkit_wire::PluginKind;

use crate::{Ended, Failure, Front, answer, note, trust::may_run_now};

/// Shows what the plugin reports.
pub(crate) fn run(
    file: &Path,
    from: Option<&Path>,
    yes: bool,
    json: bool,
    front: &Front<'_>,
) -> anyhow::Result<Ended> {
    let plugin = examine(file, &front.settings.installation)
        .map_err(|refusal| front.settings.refused(file, &refusal))?;
    let manifest = &plugin.manifest;
    let (is_signal, is_inventory) =
        (manifest.is(PluginKind::Signal), manifest.is(PluginKind::Inventory));
    if !is_signal && !is_inventory {
        if !manifest.is(PluginKind::Advice) {
            let kinds: Vec<String> = manifest.kinds.iter().map(ToString::to_string).collect();
            let unknown =
                format!("`{}` is of no known kind: {}", manifest.id, escaped(&kinds.join(", ")));
            return Err(Failure::new(unknown)
                .with_hint(
                    "the kinds are signal, advice and inventory; correct `kinds` in its manifest",
                )
                .into());
        }
        let advises = format!("`{}` reports nothing about VMs: it advises", manifest.id);
        return Err(Failure::new(advises)
            .with_hint("trust it, and `vm doctor` shows its advice; its test runs it on facts")
            .into());
    }
    if !may_run_now(&plugin, yes, front)? {
        note("It was not run.\n");
        return Ok(Ended::WithFindings);
    }
    let mut run = PluginRun {
        id: manifest.id.clone(),
        version: manifest.version.clone(),
        status: PluginStatus::Ok,
        message: None,
        asked_about: 0,
        observations: Vec::new(),
        machines: Vec::new(),
    };
    if is_inventory && from.is_none() {
        list(&plugin, &mut run, front)?;
    }
    if is_signal {
        observe(plugin, from, &mut run, front)?;
    }
    answer(|out| if json { run.write_json(out) } else { run.write_text(out, front.terminal) })?;
    Ok(if run.status == PluginStatus::Ok { Ended::Well } else { Ended::WithFindings })
}

fn list(plugin: &Plugin, run: &mut PluginRun, front: &Front<'_>) -> anyhow::Result<()> {
    let configured = front.settings.plugin_configuration(&plugin.manifest.id)?;
    match list_machines(plugin, front.trial_place(), &configured) {
        Ok(machines) => run.machines = machines.into_iter().map(machine).collect(),
        Err(why) => {
            run.status = PluginStatus::Error;
            run.message = Some(why);
        }
    }
    Ok(())
}

fn machine(listed: ListedMachine) -> RunMachine {
    let cards = listed.cards.known().unwrap_or_default();
    let macs = cards.into_iter().filter_map(|card| card.mac).collect();
    RunMachine { id: listed.id, name: listed.name, state: listed.state, macs }
}

fn observe(
    plugin: Plugin,
    from: Option<&Path>,
    run: &mut PluginRun,
    front: &Front<'_>,
) -> anyhow::Result<()> {
    let id = plugin.manifest.id.clone();
    let source = from.map_or(Source::Computer, |path| Source::Snapshot(path.to_owned()));
    let builder = Builder::new(front.settings.clone()).source(source).thorough();
    let look = builder.trying(plugin).start()?.look(&Selection::all())?;
    for row in look.rows(&Selection::all())? {
        run.asked_about += 1;
        let machine = row.machine.id();
        let own = look.evidence_of(&machine).filter(|evidence| *evidence.plugin == *id);
        run.observations.extend(own.map(|evidence| RunObservation {
            vm: row.machine.name.clone(),
            observation: (*evidence.observation).clone(),
        }));
    }
    if let Some(outcome) = look.outcomes.iter().find(|outcome| outcome.id == id)
        && !matches!(outcome.status, PluginStatus::Ok | PluginStatus::Skipped)
    {
        run.status = outcome.status;
        run.message.clone_from(&outcome.message);
    }
    Ok(())
}
