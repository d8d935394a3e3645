//! Errors of the lab.

use std::{path::PathBuf, time::Duration};

/// A failure of the lab, never of the program under test.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A missing privilege or program.
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
    /// A program failed.
    #[error("`{line}` ended with {status}: {stderr}")]
    Command {
        /// The command as one could type it.
        line: String,
        /// Its exit status.
        status: std::process::ExitStatus,
        /// Standard error.
        stderr: String,
    },
    /// A file or folder could not be used.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// The operation, a verb.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A state was not reached.
    #[error("{what} did not happen within {deadline:?}")]
    TimedOut {
        /// The awaited state.
        what: String,
        /// The deadline.
        deadline: Duration,
    },
    /// A QMP command failed.
    #[error("QMP command `{command}` failed: {answer}")]
    Qmp {
        /// The command sent.
        command: String,
        /// The answer.
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
