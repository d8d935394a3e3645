//! Writes a snapshot.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{DirBuilderExt as _, chown},
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use vmkit_model::Machine;
use vmkit_types::HostNetwork;

use crate::{
    document::{Document, Monitor, SCHEMA},
    file, machine, network,
};

/// The directory for the signals' parts of `probes.json`, which several of them write.
const PROBE_PARTS: &str = "probes";
/// The document with all parts.
const PROBES: &str = "probes.json";

/// The data that is recorded beside the artefacts of the signals.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// The time of the capture.
    pub captured_at: SystemTime,
    /// `linux` or `macos`.
    pub platform: &'static str,
    /// Whether the run had root's rights.
    pub privileged: bool,
    /// The host's network, if known.
    pub network: Option<&'a HostNetwork>,
    /// The machines.
    pub machines: &'a [Machine],
    /// User and group that get the files, if root writes them for a user.
    pub owner: Option<(u32, u32)>,
}

/// Why a snapshot could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The directory is not empty.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file or directory cannot be made.
    #[error("cannot write {}", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The time of the capture is out of range.
    #[error("the clock of this computer is out of range")]
    Time,
}

pub(crate) fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> SaveError {
    let path = path.to_owned();
    move |source| SaveError::Unwritable { path, source }
}

/// Creates the directory, or accepts an empty one. Only its owner can read it.
pub fn prepare(directory: &Path) -> Result<(), SaveError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(unwritable(directory))?;
    let mut entries = directory.read_dir().map_err(unwritable(directory))?;
    if entries.next().is_some() { Err(SaveError::NotEmpty(directory.to_owned())) } else { Ok(()) }
}

/// Completes the snapshot in `directory`, where the signals have written their artefacts.
pub fn save(directory: &Path, capture: &Capture<'_>) -> Result<(), SaveError> {
    let captured_at = Timestamp::try_from(capture.captured_at).map_err(|_| SaveError::Time)?;
    merge_probes(directory)?;
    let monitors: BTreeMap<&str, Monitor> = capture
        .machines
        .iter()
        .filter_map(|machine| Some((machine.name.as_str(), machine::monitor(machine)?)))
        .collect();
    write(&directory.join("qmp.json"), &monitors)?;
    let document = Document {
        schema: SCHEMA.to_owned(),
        captured_at: captured_at.to_string(),
        platform: Some(capture.platform.to_owned()),
        privileged: Some(capture.privileged),
        host: capture.network.map(network::write),
        vms: capture.machines.iter().map(machine::write).collect(),
    };
    // Last: a directory that has it is complete.
    write(&directory.join("snapshot.json"), &document)?;
    match capture.owner {
        Some(owner) => give(directory, owner),
        None => Ok(()),
    }
}

/// Adds one artefact to the snapshot in `directory`, by its path in it.
pub fn put(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), SaveError> {
    let path = directory.join(name);
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(unwritable(parent))?;
    }
    fs::write(&path, bytes).map_err(unwritable(&path))
}

fn write(path: &Path, document: &impl Serialize) -> Result<(), SaveError> {
    let text = serde_json::to_vec_pretty(document).map_err(io::Error::from);
    text.and_then(|text| fs::write(path, text)).map_err(unwritable(path))
}

/// Merges the parts that the signals have written into one list.
fn merge_probes(directory: &Path) -> Result<(), SaveError> {
    let parts = directory.join(PROBE_PARTS);
    let Ok(entries) = parts.read_dir() else { return Ok(()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut probes: Vec<Value> = Vec::new();
    for path in paths {
        let bytes = file::read(&path).map_err(unwritable(&path))?.unwrap_or_default();
        // The part of a signal that was killed may be truncated: it counts as not observed.
        if let Ok(Value::Array(part)) = serde_json::from_slice(&bytes) {
            probes.extend(part);
        }
    }
    write(&directory.join(PROBES), &probes)?;
    fs::remove_dir_all(&parts).map_err(unwritable(&parts))
}

/// Gives the directory and everything in it to the user for whom root works.
fn give(directory: &Path, owner: (u32, u32)) -> Result<(), SaveError> {
    let change = |path: &Path| chown(path, Some(owner.0), Some(owner.1)).map_err(unwritable(path));
    for entry in directory.read_dir().map_err(unwritable(directory))? {
        let path = entry.map_err(unwritable(directory))?.path();
        let status = path.symlink_metadata().map_err(unwritable(&path))?;
        if status.is_dir() { give(&path, owner)? } else { change(&path)? }
    }
    change(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_the_parts_of_probes_into_one_list() {
        let directory = tempfile::tempdir().unwrap();
        let parts = directory.path().join(PROBE_PARTS);
        fs::create_dir(&parts).unwrap();
        fs::write(parts.join("tcp.json"), r#"[{"kind":"tcp"}]"#).unwrap();
        fs::write(parts.join("icmp.json"), r#"[{"kind":"ic"#).unwrap();
        merge_probes(directory.path()).unwrap();
        let merged = fs::read_to_string(directory.path().join(PROBES)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&merged).unwrap()[0]["kind"], "tcp");
        assert!(!parts.exists());
    }

    #[test]
    fn refuses_a_directory_that_is_not_empty() {
        let directory = tempfile::tempdir().unwrap();
        prepare(directory.path()).unwrap();
        fs::write(directory.path().join("mine"), "").unwrap();
        assert!(matches!(prepare(directory.path()), Err(SaveError::NotEmpty(_))));
    }
}
