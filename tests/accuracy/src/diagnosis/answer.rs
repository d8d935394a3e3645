//! What `vm doctor` says of one snapshot.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Why a snapshot cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum DiagnosisError {
    /// There is no program to answer it.
    #[error("{} is not there: run `cargo xtask stage`", .0.display())]
    NotStaged(PathBuf),
    /// A file cannot be read or written, or the program cannot be run.
    #[error("cannot use {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A label is not of its form, or the program printed something else than its document.
    #[error("no document: {}", path.display())]
    Document {
        /// The file, or the snapshot that was answered.
        path: PathBuf,
        /// Where it is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// The doctor's word on one machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The exit status.
    pub status: Option<i32>,
    /// Causes with their probabilities, the likeliest first.
    pub causes: Vec<(String, f64)>,
    /// Causes that were folded under one of them.
    pub folded: Vec<String>,
    /// It says that it cannot tell.
    pub cannot_tell: bool,
    /// It says that the machine is well.
    pub healthy: bool,
}

/// The staged `vm`: that of the debug build, or of the tree that `VMKIT_STAGE` names.
///
/// # Errors
/// It is not there.
pub fn program() -> Result<PathBuf, DiagnosisError> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/stage/debug");
    let program = env::var_os("VMKIT_STAGE").map_or(built, PathBuf::from).join("bin/vm");
    if program.is_file() { Ok(program) } else { Err(DiagnosisError::NotStaged(program)) }
}

impl Answer {
    /// Asks the program about a snapshot, and about one machine by name where it ails: of one that
    /// nobody names, that it does not run is no fault.
    ///
    /// # Errors
    /// It cannot be run, or prints no document.
    pub fn of(
        program: &Path,
        snapshot: &Path,
        machine: &str,
        by_name: bool,
    ) -> Result<Self, DiagnosisError> {
        let mut command = Command::new(program);
        // The settings of the person who runs this are none of the snapshot's.
        command.env_clear().args(["doctor", "--json", "--from"]).arg(snapshot);
        command.args(by_name.then_some(machine));
        let output = command
            .output()
            .map_err(|source| DiagnosisError::Io { path: program.to_owned(), source })?;
        let report: Value = serde_json::from_slice(&output.stdout)
            .map_err(|source| DiagnosisError::Document { path: snapshot.to_owned(), source })?;
        Ok(Self { status: output.status.code(), ..Self::read(&report, machine) })
    }

    /// What the document says of this machine.
    pub fn read(report: &Value, machine: &str) -> Self {
        let mut vms = report["vms"].as_array().into_iter().flatten();
        let Some(vm) = vms.find(|vm| vm["name"] == machine) else { return Self::default() };
        let causes = || vm["causes"].as_array().into_iter().flatten();
        let cause = |cause: &Value| {
            Some((cause["code"].as_str()?.to_owned(), cause["probability"].as_f64()?))
        };
        let folded = causes().flat_map(|cause| cause["folded"].as_array().into_iter().flatten());
        Self {
            status: None,
            causes: causes().filter_map(cause).collect(),
            folded: folded.filter_map(|code| Some(code.as_str()?.to_owned())).collect(),
            cannot_tell: vm["cannot_tell"].is_string(),
            healthy: vm["healthy"] == true,
        }
    }

    /// The cause that is given as the answer.
    pub fn named(&self) -> Option<&str> {
        let (code, _) = self.causes.first().filter(|_| !self.cannot_tell)?;
        Some(code)
    }
}
