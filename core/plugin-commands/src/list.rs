//! `vm plugin list` and `info`.

use std::path::Path;

use vmkit_model::ClaimLimit;
use vmkit_report::{LockedPlugin, PluginEntry, PluginLock, Plugins};

use crate::{
    Ended, Failure, Front, answer,
    entries::{entries, entry},
};

/// Shows all plugins, or those of the lock.
pub(crate) fn list(of_lock: bool, json: bool, front: &Front<'_>) -> anyhow::Result<Ended> {
    let terminal = front.terminal;
    if of_lock {
        let lock = lock(front)?;
        answer(|out| if json { lock.write_json(out) } else { lock.write_text(out, terminal) })?;
    } else {
        let all = Plugins(entries(front));
        answer(|out| if json { all.write_json(out) } else { all.write_list(out, terminal) })?;
    }
    Ok(Ended::Well)
}

/// Shows one plugin.
pub(crate) fn info(plugin: &str, json: bool, front: &Front<'_>) -> anyhow::Result<Ended> {
    let one = Plugins(vec![one(plugin, front)?]);
    answer(|out| if json { one.write_json(out) } else { one.write_info(out, front.terminal) })?;
    Ok(Ended::Well)
}

/// The path of a library, when this names one rather than a plugin's id.
pub(crate) fn as_library(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    (path.components().count() > 1 || path.extension().is_some()).then_some(path)
}

fn lock(front: &Front<'_>) -> anyhow::Result<PluginLock> {
    let trusted = front.settings.trusted_plugins()?.into_iter();
    let locked = trusted.map(|(entry, by_root)| LockedPlugin {
        id: entry.id,
        version: entry.version,
        sha256: entry.sha256.to_string(),
        needs: entry.needs,
        unconfined: entry.unconfined,
        weight: entry.limit.map(ClaimLimit::factor),
        path: entry.path,
        trusted_at: entry.trusted_at,
        by_root,
    });
    Ok(PluginLock(locked.collect()))
}

fn one(name: &str, front: &Front<'_>) -> anyhow::Result<PluginEntry> {
    if let Some(path) = as_library(name) {
        return Ok(entry(&front.settings.plugin_at(path), front));
    }
    let entries = entries(front);
    let known: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let hint = format!("the plugins here are: {}", known.join(", "));
    let unknown = || Failure::new(format!("there is no plugin `{name}`")).with_hint(hint);
    let found = entries.iter().find(|entry| entry.id == name).cloned();
    Ok(found.ok_or_else(unknown)?)
}
