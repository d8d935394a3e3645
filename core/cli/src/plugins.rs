//! `vm plugin`.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use vmkit_host::{Found, Identity, Origin};
use vmkit_report::{
    LockedPlugin, PluginDetails, PluginEntry, PluginLock, PluginOrigin, PluginRequest, Plugins,
};
use vmkit_session::Request;
use vmkit_wire::Manifest;

use crate::{
    arguments::PluginCommand,
    context::{Context, as_library},
    exit::{Exit, Failure},
    output,
};

/// Runs the command.
pub(crate) fn run(command: &PluginCommand, context: &Context) -> anyhow::Result<Exit> {
    let terminal = output::terminal(context);
    match command {
        PluginCommand::List { lock: false, json } => {
            let plugins = Plugins(entries(context));
            output::answer(|out| {
                if *json { plugins.write_json(out) } else { plugins.write_list(out, terminal) }
            })?;
        }
        PluginCommand::List { lock: true, json } => {
            let lock = lock(context)?;
            output::answer(|out| {
                if *json { lock.write_json(out) } else { lock.write_text(out, terminal) }
            })?;
        }
        PluginCommand::Info { plugin, json } => {
            let plugins = Plugins(vec![one(plugin, context)?]);
            output::answer(|out| {
                if *json { plugins.write_json(out) } else { plugins.write_info(out, terminal) }
            })?;
        }
        PluginCommand::Trust { file, unconfined, yes } => {
            return trust(file, *unconfined, *yes, context);
        }
        PluginCommand::Untrust { plugin } => {
            for entry in context.settings.untrust(plugin)? {
                output::note(&format!("{} {} is no longer trusted.\n", entry.id, entry.version));
            }
        }
    }
    Ok(Exit::Healthy)
}

fn trust(file: &Path, unconfined: bool, yes: bool, context: &Context) -> anyhow::Result<Exit> {
    let Request { plugin, before } = context.settings.request(file)?;
    let request = PluginRequest {
        entry: described(&plugin.path, &Identity::of(&plugin), context),
        before: before.in_words().to_owned(),
        warnings: plugin.manifest.warnings(unconfined),
    };
    let terminal = output::terminal(context);
    output::answer(|out| request.write_text(out, terminal))?;
    if !(yes || agrees()?) {
        output::note("It is not trusted.\n");
        return Ok(Exit::Findings);
    }
    context.settings.trust(&plugin, unconfined)?;
    output::note(&format!("{} may run.\n", plugin.manifest.id));
    Ok(Exit::Healthy)
}

fn agrees() -> anyhow::Result<bool> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let alone = Failure::new("nobody is at the terminal who could agree");
        return Err(alone.with_hint("read what it needs, then add --yes").into());
    }
    output::note("Let exactly this file run? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn lock(context: &Context) -> anyhow::Result<PluginLock> {
    let trusted = context.settings.trusted_plugins()?.into_iter();
    let locked = trusted.map(|(entry, by_root)| LockedPlugin {
        id: entry.id,
        version: entry.version,
        sha256: entry.sha256.to_string(),
        needs: entry.needs,
        unconfined: entry.unconfined,
        path: entry.path,
        trusted_at: entry.trusted_at,
        by_root,
    });
    Ok(PluginLock(locked.collect()))
}

fn one(name: &str, context: &Context) -> anyhow::Result<PluginEntry> {
    if let Some(path) = as_library(name) {
        return Ok(entry(&context.settings.plugin_at(path), context));
    }
    let entries = entries(context);
    let known: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let hint = format!("the plugins here are: {}", known.join(", "));
    let unknown = || Failure::new(format!("there is no plugin `{name}`")).with_hint(hint);
    let found = entries.iter().find(|entry| entry.id == name).cloned();
    Ok(found.ok_or_else(unknown)?)
}

fn entries(context: &Context) -> Vec<PluginEntry> {
    context.settings.plugins().iter().map(|found| entry(found, context)).collect()
}

fn entry(found: &Found, context: &Context) -> PluginEntry {
    let name = || found.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let known = found.identity.as_ref().map(|identity| described(&found.path, identity, context));
    let entry = known.unwrap_or_else(|| PluginEntry::of_file(name(), &found.path));
    match &found.plugin {
        Ok(_) => entry,
        Err(refusal) => PluginEntry {
            status: refusal.status(),
            message: Some(refusal.in_full()),
            hint: Some(refusal.mend(&found.path, &context.settings.installation).to_string()),
            ..entry
        },
    }
}

fn described(path: &Path, identity: &Identity, context: &Context) -> PluginEntry {
    PluginEntry {
        origin: Some(match identity.origin {
            Origin::Bundled => PluginOrigin::Bundled,
            Origin::Trusted { unconfined: false } => PluginOrigin::Trusted,
            Origin::Trusted { unconfined: true } => PluginOrigin::TrustedUnconfined,
            Origin::Stranger => PluginOrigin::Stranger,
        }),
        sha256: Some(identity.sha256.to_string()),
        details: Some(details(&identity.manifest, context)),
        ..PluginEntry::of_file(identity.manifest.id.clone(), path)
    }
}

fn details(manifest: &Manifest, context: &Context) -> PluginDetails {
    PluginDetails {
        version: manifest.version.clone(),
        epoch: manifest.epoch,
        summary: manifest.summary.clone(),
        kinds: manifest.kinds.iter().map(ToString::to_string).collect(),
        stages: manifest.stages.iter().map(ToString::to_string).collect(),
        modes: manifest.modes.iter().map(|mode| mode.code().to_owned()).collect(),
        cost: manifest.cost.code().to_owned(),
        needs: manifest.needs_in_words(|page| context.settings.page_in_words(&manifest.id, page)),
    }
}
