//! Writes a snapshot.

use std::{collections::BTreeMap, io, path::Path, time::SystemTime};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use vmkit_files::Directory;
use vmkit_model::{Machine, PluginClaims};
use vmkit_types::HostNetwork;

use crate::{
    archive::Target,
    artefacts::MONITORS,
    claims,
    document::{Document, Monitor, SCHEMA},
    limits::{DOCUMENT, LARGEST_DOCUMENT, MOST_FILES},
    machine, network,
    put::{SaveError, put, unwritable},
    read::Record,
    redact::{self, Names},
};

/// The directory for the signals' parts of `probes.json`, which several of them write.
const PROBE_PARTS: &str = "probes";
/// The document with all parts.
const PROBES: &str = "probes.json";
/// The directory for what is recorded before it is redacted.
const UNREDACTED: &str = "unredacted";

/// The data that is recorded beside the artefacts of the signals.
#[derive(Clone, Debug)]
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
    /// The own kinds of evidence of the plugins that ran.
    pub claims: Vec<PluginClaims>,
}

/// A snapshot that is being written.
#[derive(Debug)]
pub struct Writer {
    directory: Directory,
    /// Where the artefacts go meanwhile, if they are to be redacted.
    unredacted: Option<Directory>,
}

impl Writer {
    /// Creates the directory, or accepts an empty one. Only its owner can read what is written. With
    /// `redacted`, nothing but what was redacted remains.
    ///
    /// # Errors
    /// The directory is not empty, cannot be made, or lies behind another user's link.
    pub fn new(path: &Path, redacted: bool) -> Result<Self, SaveError> {
        Self::in_directory(empty_directory(path)?, redacted)
    }

    /// The same in what goes into a zip, or else in the directory at this path.
    ///
    /// # Errors
    /// As those of [`Self::new`].
    pub fn of(target: &Target, path: &Path, redacted: bool) -> Result<Self, SaveError> {
        match target.unpacked() {
            Some(unpacked) => Self::in_directory(unpacked.clone(), redacted),
            None => Self::new(path, redacted),
        }
    }

    fn in_directory(directory: Directory, redacted: bool) -> Result<Self, SaveError> {
        let path = directory.path();
        let make = || directory.make_below(UNREDACTED).map_err(unwritable(path));
        let unredacted = redacted.then(make).transpose()?;
        Ok(Self { directory, unredacted })
    }

    /// Where artefacts are recorded.
    pub fn artefacts(&self) -> &Directory {
        self.unredacted.as_ref().unwrap_or(&self.directory)
    }

    /// Completes the snapshot.
    ///
    /// # Errors
    /// A file cannot be written. What was not redacted yet remains in the directory `unredacted`.
    pub fn finish(self, capture: &Capture<'_>) -> Result<(), SaveError> {
        let captured_at = Timestamp::try_from(capture.captured_at).map_err(|_| SaveError::Time)?;
        let artefacts = self.artefacts();
        merge_probes(artefacts)?;
        let monitors: BTreeMap<&str, Monitor> = capture
            .machines
            .iter()
            .filter_map(|machine| Some((machine.name.as_str(), machine::monitor(machine)?)))
            .collect();
        write(artefacts, MONITORS, &monitors)?;
        let document = Document {
            schema: SCHEMA.to_owned(),
            captured_at: captured_at.to_string(),
            platform: Some(capture.platform.to_owned()),
            privileged: Some(capture.privileged),
            host: capture.network.map(network::write),
            vms: capture.machines.iter().map(machine::write).collect(),
            claims: Some(capture.claims.iter().map(claims::write).collect()),
        };
        // Last: a directory that has it is complete.
        write(artefacts, DOCUMENT, &document)?;
        if self.unredacted.is_some() {
            redact::copy(artefacts, &self.directory, &Names::of(capture.machines))?;
            self.directory.remove(UNREDACTED).map_err(unwritable(artefacts.path()))?;
        }
        Ok(())
    }
}

/// Writes the snapshot `record` into the directory at this path, redacted.
///
/// # Errors
/// The directory is not empty, cannot be made, or lies behind another user's link.
pub fn redact(record: &Record, path: &Path) -> Result<(), SaveError> {
    redact_into(record, &empty_directory(path)?)
}

/// The same into a directory that is open.
///
/// # Errors
/// A file cannot be written.
pub fn redact_into(record: &Record, to: &Directory) -> Result<(), SaveError> {
    redact::copy(&record.directory, to, &Names::of(&record.inventory.machines))
}

/// Creates the directory, or accepts an empty one.
fn empty_directory(path: &Path) -> Result<Directory, SaveError> {
    let directory = Directory::make(path).map_err(unwritable(path))?;
    let is_empty = directory.is_empty().map_err(unwritable(path))?;
    if is_empty { Ok(directory) } else { Err(SaveError::NotEmpty(path.to_owned())) }
}

fn write(directory: &Directory, name: &str, document: &impl Serialize) -> Result<(), SaveError> {
    let text = serde_json::to_vec_pretty(document).map_err(io::Error::from);
    put(directory, name, &text.map_err(unwritable(&directory.path().join(name)))?)
}

/// Merges the parts that the signals have written into one list.
fn merge_probes(directory: &Directory) -> Result<(), SaveError> {
    let path = directory.path().join(PROBE_PARTS);
    let parts = directory.below(PROBE_PARTS).map_err(unwritable(&path))?;
    let Some(parts) = parts else { return Ok(()) };
    let (names, _) = parts.names(MOST_FILES).map_err(unwritable(&path))?;
    let mut probes: Vec<Value> = Vec::new();
    for name in names {
        let bytes = parts.read(&name, LARGEST_DOCUMENT).map_err(unwritable(&path.join(&name)))?;
        // The part of a signal that was killed may be truncated: it counts as not observed.
        if let Ok(Value::Array(part)) = serde_json::from_slice(&bytes.unwrap_or_default()) {
            probes.extend(part);
        }
    }
    write(directory, PROBES, &probes)?;
    directory.remove(PROBE_PARTS).map_err(unwritable(&path))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn capture() -> Capture<'static> {
        let captured_at = SystemTime::UNIX_EPOCH;
        Capture {
            captured_at,
            platform: "linux",
            privileged: false,
            network: None,
            machines: &[],
            claims: Vec::new(),
        }
    }

    #[test]
    fn merges_the_parts_of_probes_into_one_list() {
        let place = tempfile::tempdir().unwrap();
        let writer = Writer::new(place.path(), false).unwrap();
        put(writer.artefacts(), "probes/tcp.json", br#"[{"kind":"tcp"}]"#).unwrap();
        put(writer.artefacts(), "probes/icmp.json", br#"[{"kind":"ic"#).unwrap();
        writer.finish(&capture()).unwrap();
        let merged = fs::read_to_string(place.path().join(PROBES)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&merged).unwrap()[0]["kind"], "tcp");
        assert!(!place.path().join(PROBE_PARTS).exists());
    }

    #[test]
    fn refuses_a_directory_that_is_not_empty() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("mine"), "").unwrap();
        assert!(matches!(Writer::new(place.path(), false), Err(SaveError::NotEmpty(_))));
    }

    #[test]
    fn a_link_that_appears_while_it_is_written_is_not_followed() {
        for (planted, target) in [
            ("snapshot.json", "file"),
            ("qmp.json", "file"),
            ("probes.json", "file"),
            ("probes.json", "new"),
            ("probes", "folder"),
        ] {
            let (place, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            fs::write(elsewhere.path().join("file"), "precious").unwrap();
            fs::create_dir(elsewhere.path().join("folder")).unwrap();
            let writer = Writer::new(place.path(), false).unwrap();
            symlink(elsewhere.path().join(target), place.path().join(planted)).unwrap();
            let mut outcome = put(writer.artefacts(), "probes/tcp.json", b"[]");
            outcome = outcome.and_then(|()| writer.finish(&capture()));
            assert!(outcome.is_err(), "{planted} {target}");
            let file = fs::read_to_string(elsewhere.path().join("file")).unwrap();
            assert_eq!(file, "precious", "{planted} {target}");
            assert!(!elsewhere.path().join("new").exists());
            assert_eq!(elsewhere.path().join("folder").read_dir().unwrap().count(), 0);
        }
    }

    #[test]
    fn a_directory_that_is_moved_while_it_is_written_gets_all_of_it() {
        let (place, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let writer = Writer::new(&place.path().join("record"), false).unwrap();
        fs::rename(place.path().join("record"), place.path().join("moved")).unwrap();
        symlink(elsewhere.path(), place.path().join("record")).unwrap();
        put(writer.artefacts(), "host/hosts", b"").unwrap();
        writer.finish(&capture()).unwrap();
        assert!(place.path().join("moved/host/hosts").exists());
        assert_eq!(elsewhere.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn what_is_redacted_is_the_only_copy() {
        let place = tempfile::tempdir().unwrap();
        let writer = Writer::new(place.path(), true).unwrap();
        put(writer.artefacts(), "console/web.log", b"web login:").unwrap();
        writer.finish(&capture()).unwrap();
        assert!(!place.path().join(UNREDACTED).exists());
        assert!(place.path().join("console/x1.log").exists());
    }
}
