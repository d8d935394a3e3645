//! The machines of a data directory: those of the registry, and directories with a disk image.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::DirEntry,
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

use vmkit_model::{Problem, Severity};
use vmkit_types::{Reading, bounded, escaped};

use crate::{
    Location, Source, file,
    names::valid_name,
    others::Owners,
    registry::{self, Entry, REGISTRY_LIMIT},
};

/// Most machines that are listed: a hundred times more than a host runs. Each costs a dozen system
/// calls, so that all take less than a second.
const MACHINES_LIMIT: usize = 10_000;

/// A machine whose own files have not been read yet.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    pub(crate) entry: Entry,
    /// Its directory exists, or could not be looked at.
    pub(crate) present: bool,
    /// The user whose directory it is, if it can be looked at.
    pub(crate) owner: Option<u32>,
}

/// All machines, sorted by name, without those that any user could have put there.
pub(crate) fn discover(location: &Location, problems: &mut Vec<Problem>) -> Vec<Found> {
    let owners = Owners::of(&location.data_directory);
    let mut machines = BTreeMap::new();
    if is_accepted(&location.registry, owners.objection(&location.registry), problems) {
        machines = registered(location, problems);
    }
    let mut with_images = Vec::new();
    let base = &location.base_directory;
    if is_accepted(base, owners.objection_to_list(base), problems) {
        with_images = with_image(location, problems);
    }
    for name in with_images {
        machines.entry(name).or_insert_with_key(|name| Found {
            name: name.clone(),
            directory: location.base_directory.join(name),
            entry: Entry::empty(),
            present: true,
            owner: owner_of(&location.base_directory.join(name)),
        });
    }
    machines.retain(|_, found| {
        is_accepted(&found.directory, owners.objection(&found.directory), problems)
    });
    if machines.len() > MACHINES_LIMIT {
        let message = format!("holds more than {MACHINES_LIMIT} machines; the others are skipped");
        problems.push(Problem::error(&location.base_directory, message));
    }
    machines.into_values().take(MACHINES_LIMIT).collect()
}

/// Whether there is no objection; one becomes a problem.
fn is_accepted(path: &Path, objection: Option<String>, problems: &mut Vec<Problem>) -> bool {
    let Some(why) = objection else { return true };
    problems.push(Problem::error(path, format!("is skipped: {why}")));
    false
}

/// The names of the machines of a location, sorted, from its files alone. Skips what cannot be
/// read.
pub fn names(location: &Location) -> Vec<String> {
    discover(location, &mut Vec::new()).into_iter().map(|found| found.name).collect()
}

fn registered(location: &Location, problems: &mut Vec<Problem>) -> BTreeMap<String, Found> {
    let path = &location.registry;
    let entries = match file::read(path, REGISTRY_LIMIT) {
        Ok(Some(bytes)) => registry::parse(&bytes),
        Ok(None) => return BTreeMap::new(),
        Err(error) => Err(error.error_chain()),
    };
    let entries = entries.unwrap_or_else(|message| {
        problems.push(Problem::error(path, format!("the registry {message}")));
        BTreeMap::new()
    });
    let mut machines = BTreeMap::new();
    for (name, entry) in entries.into_iter().take(MACHINES_LIMIT + 1) {
        let shown = shown(&name);
        if !valid_name(&name) {
            let message = format!("the entry `{shown}` is skipped: no machine can have this name");
            problems.push(Problem::warning(path, message));
            continue;
        }
        let entry = entry.unwrap_or_else(|| {
            let message = format!("the entry `{shown}` is no object; it is taken as empty");
            problems.push(Problem::warning(path, message));
            Entry::empty()
        });
        let directory = directory_of(&name, &entry, location, problems);
        let present = is_present(&directory, problems);
        let owner = owner_of(&directory);
        machines.insert(name.clone(), Found { name, directory, entry, present, owner });
    }
    machines
}

/// The registered directory if it is absolute and plain, or else the default one.
fn directory_of(
    name: &str,
    entry: &Entry,
    location: &Location,
    problems: &mut Vec<Problem>,
) -> PathBuf {
    let usual = || location.base_directory.join(name);
    let plain = |path: &Path| {
        path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
    };
    match &entry.directory {
        Reading::Known(path) if plain(path) => path.clone(),
        Reading::Absent => usual(),
        Reading::Known(_) | Reading::Unknown(_) => {
            let message =
                format!("the directory of `{name}` is not an absolute path; BASE/{name} is taken");
            problems.push(Problem::warning(&location.registry, message));
            usual()
        }
    }
}

fn owner_of(directory: &Path) -> Option<u32> {
    Some(std::fs::metadata(directory).ok()?.uid())
}

fn is_present(directory: &Path, problems: &mut Vec<Problem>) -> bool {
    match std::fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => true,
        Ok(_) => {
            problems.push(Problem::error(directory, "is not a directory"));
            false
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            false
        }
        Err(error) => {
            problems.push(Problem::error(directory, format!("cannot be looked at: {error}")));
            true
        }
    }
}

/// Names of the directories below the base directory that hold a disk image of the same name.
fn with_image(location: &Location, problems: &mut Vec<Problem>) -> Vec<String> {
    let base = &location.base_directory;
    let entries = match std::fs::read_dir(base) {
        Ok(entries) => entries,
        Err(error) => {
            problems.extend(unlisted(location, &error));
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for (index, entry) in entries.enumerate() {
        if index > MACHINES_LIMIT {
            let message =
                format!("holds more than {MACHINES_LIMIT} entries; the others are skipped");
            problems.push(Problem::error(base, message));
            break;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                problems.push(Problem::error(base, format!("cannot be listed: {error}")));
                break;
            }
        };
        match holds_image(&entry) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                let message = format!("cannot be looked at: {error}");
                problems.push(Problem::error(&entry.path(), message));
                continue;
            }
        }
        let name = entry.file_name();
        if let Some(name) = name.to_str().filter(|name| valid_name(name)) {
            names.push(name.to_owned());
        } else {
            let shown = shown(&name.to_string_lossy());
            let message =
                format!("the directory `{shown}` is skipped: no machine can have this name");
            problems.push(Problem::warning(base, message));
        }
    }
    names
}

/// Whether the entry is a directory with a disk image of the same name. An error counts only if a
/// machine can have the name, unlike `lost+found`.
fn holds_image(entry: &DirEntry) -> io::Result<bool> {
    let name = entry.file_name();
    let mut image = OsString::from(&name);
    image.push(".qcow2");
    match entry.path().join(image).try_exists() {
        // A file, not a directory.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(_) if !name.to_str().is_some_and(valid_name) => Ok(false),
        other => other,
    }
}

/// The problem of a base directory that cannot be listed. A data directory without machines has
/// none yet, but a data directory that the user named must exist.
fn unlisted(location: &Location, error: &io::Error) -> Option<Problem> {
    let Location { data_directory, base_directory, .. } = location;
    if error.kind() != ErrorKind::NotFound {
        return Some(Problem::error(base_directory, format!("cannot be listed: {error}")));
    }
    if data_directory.is_dir() {
        return None;
    }
    let severity =
        if location.source == Source::Default { Severity::Warning } else { Severity::Error };
    let message = format!("the data directory does not exist ({})", location.source);
    Some(Problem { path: data_directory.clone(), message, severity })
}

fn shown(name: &str) -> String {
    escaped(bounded(name, 100))
}
