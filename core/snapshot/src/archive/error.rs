//! Why a zip cannot be written or used.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a zip cannot be written or used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file is where a new one was to be made.
    #[error("it exists already; name a new file")]
    Exists,
    /// It is no zip of a snapshot.
    #[error("it is no zip of a snapshot: {0}")]
    Refused(String),
    /// The file at a path.
    #[error("cannot use {}", path.display())]
    At {
        /// The path.
        path: PathBuf,
        /// Why.
        source: Box<Self>,
    },
    /// Reading or writing failed.
    #[error("cannot {what}")]
    Failed {
        /// The operation and its object.
        what: String,
        /// Why.
        source: io::Error,
    },
}

pub(super) fn at(path: &Path) -> impl FnOnce(ArchiveError) -> ArchiveError {
    let path = path.to_owned();
    move |source| ArchiveError::At { path, source: Box::new(source) }
}

/// A refusal, with the entry if it is about one.
pub(super) fn refused(why: impl Into<String>) -> ArchiveError {
    ArchiveError::Refused(why.into())
}

pub(super) fn failed(what: impl Into<String>) -> impl FnOnce(io::Error) -> ArchiveError {
    let what = what.into();
    move |source| ArchiveError::Failed { what, source }
}
