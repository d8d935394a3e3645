//! What could not be read, for people.

use std::path::{Path, PathBuf};

/// How much a problem takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is odd; the answer stands.
    Warning,
    /// The work could not be done in full: exit status 2.
    Error,
}

/// Something in the data directory that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or directory.
    pub path: PathBuf,
    /// The operation and what came of it. It may hold names from the directory: escape it before
    /// it is shown.
    pub message: String,
    /// How much it takes away.
    pub severity: Severity,
}

impl Problem {
    pub(crate) fn error(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into(), severity: Severity::Error }
    }

    pub(crate) fn warning(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into(), severity: Severity::Warning }
    }
}
