//! Plugins as reports show them.

use std::path::Path;

use vmkit_host::{Found, Identity, Origin};
use vmkit_model::ClaimLimit;
use vmkit_report::{PluginDetails, PluginEntry, PluginOrigin};
use vmkit_wire::Manifest;

use crate::Front;

/// All plugins in the directories of this run.
pub(crate) fn entries(front: &Front<'_>) -> Vec<PluginEntry> {
    front.settings.plugins().iter().map(|found| entry(found, front)).collect()
}

/// One plugin that was found.
pub(crate) fn entry(found: &Found, front: &Front<'_>) -> PluginEntry {
    let name = || found.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let known = found.identity.as_ref().map(|identity| described(&found.path, identity, front));
    let entry = known.unwrap_or_else(|| PluginEntry::of_file(name(), &found.path));
    match &found.plugin {
        Ok(_) => entry,
        Err(refusal) => PluginEntry {
            status: refusal.status(),
            message: Some(refusal.in_full()),
            hint: Some(refusal.mend(&found.path, &front.settings.installation).to_string()),
            ..entry
        },
    }
}

/// A plugin whose identity is known.
pub(crate) fn described(path: &Path, identity: &Identity, front: &Front<'_>) -> PluginEntry {
    PluginEntry {
        origin: Some(match identity.origin {
            Origin::Bundled => PluginOrigin::Bundled,
            Origin::Trusted { unconfined: false, .. } => PluginOrigin::Trusted,
            Origin::Trusted { unconfined: true, .. } => PluginOrigin::TrustedUnconfined,
            Origin::Stranger => PluginOrigin::Stranger,
        }),
        sha256: Some(identity.sha256.to_string()),
        weight: match identity.origin {
            Origin::Trusted { limit, .. } => limit.map(ClaimLimit::factor),
            Origin::Bundled | Origin::Stranger => None,
        },
        details: Some(details(&identity.manifest, front)),
        ..PluginEntry::of_file(identity.manifest.id.clone(), path)
    }
}

fn details(manifest: &Manifest, front: &Front<'_>) -> PluginDetails {
    PluginDetails {
        version: manifest.version.clone(),
        epoch: manifest.epoch,
        summary: manifest.summary.clone(),
        kinds: manifest.kinds.iter().map(ToString::to_string).collect(),
        stages: manifest.stages.iter().map(ToString::to_string).collect(),
        modes: manifest.modes.iter().map(|mode| mode.code().to_owned()).collect(),
        cost: manifest.cost.code().to_owned(),
        claims: manifest.claims_in_words(),
        needs: manifest.needs_in_words(|page| front.settings.page_in_words(&manifest.id, page)),
    }
}
