//! Runs `vm doctor` on a snapshot.

use std::{
    env,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Why the doctor could not be run.
#[derive(Debug, thiserror::Error)]
pub enum DiagnosisError {
    /// The program is missing.
    #[error("{} is missing: run `cargo xtask stage`", .0.display())]
    NotStaged(PathBuf),
    /// A file cannot be read or written, or the program cannot be run.
    #[error("cannot use {}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The report leaves the VM out.
    #[error("the report about {} has no VM {machine}", snapshot.display())]
    Missing {
        /// The VM.
        machine: String,
        /// The snapshot.
        snapshot: PathBuf,
    },
    /// A label or the program's output is malformed.
    #[error("no document: {}", path.display())]
    Document {
        /// The file or the snapshot.
        path: PathBuf,
        /// The parser's error.
        #[source]
        source: serde_json::Error,
    },
}

/// The doctor's answer for a VM.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The exit status.
    pub status: Option<i32>,
    /// Causes with their probabilities, the likeliest first.
    pub causes: Vec<(String, f64)>,
    /// Causes folded under one of them.
    pub folded: Vec<String>,
    /// Whether it cannot tell.
    pub cannot_tell: bool,
    /// Whether the VM is healthy.
    pub healthy: bool,
    /// The address that it shows.
    pub address: Option<IpAddr>,
    /// How sure it is of the address.
    pub verdict: String,
}

/// The staged `vm` of the debug build, or of the tree in `VMKIT_STAGE`.
///
/// # Errors
/// It is missing.
pub fn program() -> Result<PathBuf, DiagnosisError> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/stage/debug");
    let program = env::var_os("VMKIT_STAGE").map_or(built, PathBuf::from).join("bin/vm");
    if program.is_file() { Ok(program) } else { Err(DiagnosisError::NotStaged(program)) }
}

/// Runs the program on a snapshot; returns its exit status and its report. Names the VM if asked to.
pub(crate) fn report(
    program: &Path,
    snapshot: &Path,
    machine: &str,
    by_name: bool,
) -> Result<(Option<i32>, Value), DiagnosisError> {
    let mut command = Command::new(program);
    // Hide the settings of the person who runs this.
    command.env_clear().args(["doctor", "--json", "--from"]).arg(snapshot);
    command.args(by_name.then_some(machine));
    let output = command
        .output()
        .map_err(|source| DiagnosisError::Io { path: program.to_owned(), source })?;
    let report = serde_json::from_slice(&output.stdout)
        .map_err(|source| DiagnosisError::Document { path: snapshot.to_owned(), source })?;
    Ok((output.status.code(), report))
}

impl Answer {
    /// Runs the program on a snapshot. Names the VM if it has a problem, since a stopped VM is a problem
    /// only if named.
    ///
    /// # Errors
    /// The program cannot be run, or its output is malformed or lacks the VM.
    pub fn of(
        program: &Path,
        snapshot: &Path,
        machine: &str,
        by_name: bool,
    ) -> Result<Self, DiagnosisError> {
        let (status, report) = report(program, snapshot, machine, by_name)?;
        let answer = Self::read(&report, machine);
        let missing = || DiagnosisError::Missing {
            machine: machine.to_owned(),
            snapshot: snapshot.to_owned(),
        };
        Ok(Self { status, ..answer.ok_or_else(missing)? })
    }

    /// Reads the answer for this VM; `None`: the report does not have the VM.
    fn read(report: &Value, machine: &str) -> Option<Self> {
        let mut vms = report["vms"].as_array().into_iter().flatten();
        let vm = vms.find(|vm| vm["name"] == machine)?;
        let causes = || vm["causes"].as_array().into_iter().flatten();
        let cause = |cause: &Value| {
            Some((cause["code"].as_str()?.to_owned(), cause["probability"].as_f64()?))
        };
        let folded = causes().flat_map(|cause| cause["folded"].as_array().into_iter().flatten());
        Some(Self {
            status: None,
            causes: causes().filter_map(cause).collect(),
            folded: folded.filter_map(|code| Some(code.as_str()?.to_owned())).collect(),
            cannot_tell: vm["cannot_tell"].is_string(),
            healthy: vm["healthy"] == true,
            address: vm["ip"].as_str().and_then(|ip| ip.parse().ok()),
            verdict: vm["verdict"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// The cause given as the answer.
    pub fn named(&self) -> Option<&str> {
        let (code, _) = self.causes.first().filter(|_| !self.cannot_tell)?;
        Some(code)
    }
}
