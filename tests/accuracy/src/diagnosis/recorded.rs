//! Snapshots of real hosts and real faults: `tests/corpus/doctor/NAME`, each with its label.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Answer, DiagnosisError, Outcome};

/// `label.json` of a snapshot.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Codes of the causes at work. None: everything is well, unless `unknown` says otherwise.
    pub causes: Vec<String>,
    /// The machine that it is about.
    pub machine: String,
    /// A fault without a code of its own is at work: nobody can tell.
    #[serde(default)]
    pub unknown: bool,
    /// Whether the snapshot suffices to tell the causes.
    #[serde(default = "yes")]
    pub knowable: bool,
    /// What was done to the network, in a line for people.
    #[serde(default)]
    pub why: String,
}

fn yes() -> bool {
    true
}

/// Has all snapshots of the repository answered.
pub(super) fn answer(program: &Path) -> Result<Vec<Outcome>, DiagnosisError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/doctor");
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| DiagnosisError::Io { path, source }
    };
    let mut snapshots: Vec<PathBuf> = match folder.read_dir() {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(io(&folder)(error)),
    };
    snapshots.sort();
    let mut outcomes = Vec::new();
    for snapshot in snapshots {
        let path = snapshot.join("label.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io(&path)(error)),
        };
        let label: Label = serde_json::from_slice(&text)
            .map_err(|source| DiagnosisError::Document { path: path.clone(), source })?;
        let answer = Answer::of(
            program,
            &snapshot,
            &label.machine,
            !label.causes.is_empty() || label.unknown,
        )?;
        let name = snapshot.file_name().unwrap_or_default().to_string_lossy().into_owned();
        outcomes.push(Outcome::of_label(&name, &label, answer));
    }
    Ok(outcomes)
}
