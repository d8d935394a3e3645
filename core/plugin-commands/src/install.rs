//! `vm plugin install` and `remove`.

use std::path::{Path, PathBuf};

use vmkit_authoring::{check_listed, is_older};
use vmkit_session::{Error, Request};
use vmkit_types::escaped;

use crate::{
    Ended, Front,
    arguments::IndexPlace,
    failure::Failure,
    index,
    list::as_library,
    note,
    trust::{Agreed, agrees, show},
};

/// Puts a plugin into the user's own directory and lets it run.
pub(crate) fn install(
    plugin: &str,
    version: Option<&str>,
    place: &IndexPlace,
    yes: bool,
    front: &Front<'_>,
) -> anyhow::Result<Ended> {
    if let Some(file) = as_library(plugin) {
        return install_file(file, yes, front);
    }
    let file = from_index(plugin, version, place, front)?;
    install_file(&file.0, yes, front)
}

fn install_file(file: &Path, yes: bool, front: &Front<'_>) -> anyhow::Result<Ended> {
    let settings = front.settings;
    let Request { plugin, before } = settings.request(file)?;
    show(&plugin, before.in_words(), Agreed::default(), front)?;
    if !(yes || agrees("Install exactly this file, and let it run?")?) {
        note("It is not installed.\n");
        return Ok(Ended::WithFindings);
    }
    let installed = settings.install(&plugin)?;
    // The copy, as it lies there now.
    let copy = settings.request(&installed)?.plugin;
    if copy.sha256 != plugin.sha256 {
        let refused = Error::Install {
            why: format!("{} changed while it was installed", installed.display()),
            hint: None,
        };
        return Err(refused.into());
    }
    settings.trust(&copy, false, None)?;
    let id = &plugin.manifest.id;
    note(&format!("{id} is installed as {} and may run.\n", installed.display()));
    Ok(Ended::Well)
}

/// A file that was fetched, until it is installed or refused.
struct Fetched(PathBuf);

impl Drop for Fetched {
    fn drop(&mut self) {
        // One that stays is harmless: nothing runs it.
        std::fs::remove_file(&self.0).ok();
    }
}

/// The file of a plugin that the index lists, fetched and compared with its entry.
fn from_index(
    name: &str,
    wanted: Option<&str>,
    place: &IndexPlace,
    front: &Front<'_>,
) -> anyhow::Result<Fetched> {
    let index = index::open(place, front)?;
    let entry = index.entry(name)?;
    let version = entry.newest_here(wanted)?;
    if wanted.is_none() {
        refuse_older(&entry.name, &version.version, front)?;
    }
    let bytes = index.file(&entry, version)?;
    let name = format!("{}.fetched", entry.name);
    let file = Fetched(front.settings.keep_for_install(&name, &bytes)?);
    let plugin = front.settings.request(&file.0)?.plugin;
    check_listed(&plugin, &entry, version)?;
    Ok(file)
}

/// Refuses a version below the installed one: an index may bring an old fault back.
fn refuse_older(name: &str, version: &str, front: &Front<'_>) -> anyhow::Result<()> {
    let plugins = front.settings.plugins();
    let identities = plugins.iter().filter_map(|found| found.identity.as_ref());
    let mut manifests = identities.map(|identity| &identity.manifest);
    let newer = manifests.find(|it| it.id == name && is_older(version, &it.version));
    let Some(newer) = newer else { return Ok(()) };
    let (installed, version) = (escaped(&newer.version), escaped(version));
    let older = Failure::new(format!("{name} {installed} is installed, and {version} is older"));
    Err(older.with_hint(format!("to go back: vm plugin install {name} --version {version}")).into())
}

/// Takes a plugin out of the user's own directory, and its trust back.
pub(crate) fn remove(id: &str, front: &Front<'_>) -> anyhow::Result<Ended> {
    for path in front.settings.remove(id)? {
        note(&format!("Removed {}.\n", path.display()));
    }
    match front.settings.untrust(id) {
        Ok(taken) => {
            note(if taken.is_empty() { "" } else { "It is no longer trusted.\n" });
            Ok(Ended::Well)
        }
        Err(Error::NotTrusted(_)) => Ok(Ended::Well),
        Err(error) => Err(error.into()),
    }
}
