//! Files and directories that could not be used.

use std::path::{Path, PathBuf};

/// Whether a problem invalidates the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The answer stands.
    Warning,
    /// The answer may be incomplete: exit status 2.
    Error,
}

/// A file or directory that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or directory.
    pub path: PathBuf,
    /// The operation and its result. May contain names from the data directory: escape it before
    /// showing it.
    pub message: String,
    /// Whether it invalidates the answer.
    pub severity: Severity,
}

impl Problem {
    /// A problem that may make the answer incomplete.
    pub fn error(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into(), severity: Severity::Error }
    }

    /// A problem that leaves the answer valid.
    pub fn warning(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into(), severity: Severity::Warning }
    }
}
