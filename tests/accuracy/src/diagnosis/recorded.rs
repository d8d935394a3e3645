//! Snapshots of real hosts and real faults: `tests/corpus/doctor/NAME`, each with its label.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Answer, DiagnosisError, Label, Outcome};

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
        let answer = Answer::of(program, &snapshot, &label.machine, !label.is_healthy())?;
        let system = system_of(&snapshot)?;
        let name = snapshot.file_name().unwrap_or_default().to_string_lossy().into_owned();
        outcomes.push(Outcome::of_label(&name, &label, &system, answer));
    }
    Ok(outcomes)
}

/// The system of the computer that a snapshot is of: `linux` or `macos`.
fn system_of(snapshot: &Path) -> Result<String, DiagnosisError> {
    let path = snapshot.join("snapshot.json");
    let text =
        fs::read(&path).map_err(|source| DiagnosisError::Io { path: path.clone(), source })?;
    let document: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|source| DiagnosisError::Document { path, source })?;
    Ok(document["platform"].as_str().unwrap_or_default().to_owned())
}
