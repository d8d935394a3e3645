//! What can go wrong while a lab is built or used.

use std::{path::PathBuf, time::Duration};

/// A failure of the lab itself, never of the program under test.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// This machine lacks a privilege or a program.
    #[error("the lab needs {0}")]
    Missing(String),
    /// A program could not be started or watched.
    #[error("cannot run `{line}`")]
    Start {
        /// The command as one could type it.
        line: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program ended badly.
    #[error("`{line}` ended with {status}: {stderr}")]
    Command {
        /// The command as one could type it.
        line: String,
        /// Its exit status.
        status: std::process::ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// A file or folder could not be used.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was tried, a verb.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A state did not come.
    #[error("{what} did not happen within {deadline:?}")]
    TimedOut {
        /// The state that was waited for.
        what: String,
        /// How long.
        deadline: Duration,
    },
    /// QEMU's machine protocol gave something else than an answer.
    #[error("QMP command `{command}` failed: {answer}")]
    Qmp {
        /// The command sent.
        command: String,
        /// What came instead.
        answer: String,
    },
}

/// For `map_err` on an operation on a file.
pub(crate) fn file_error(
    operation: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(std::io::Error) -> LabError {
    let path = path.into();
    move |source| LabError::File { operation, path, source }
}
