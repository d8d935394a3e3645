//! Why the configuration was not read or changed.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::include::BrokenBlock;

/// Why the configuration was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read, written or removed.
    #[error("cannot {operation} {}", shown(path))]
    File {
        /// What was tried.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Our block in the user's file is broken.
    #[error("cannot change {}", shown(path))]
    Block {
        /// The user's file.
        path: PathBuf,
        /// Why.
        source: BrokenBlock,
    },
    /// The file belongs to another user.
    #[error("{} belongs to user {user}", shown(path))]
    OtherOwner {
        /// The file.
        path: PathBuf,
        /// Its owner's id.
        user: u32,
    },
    /// ssh has no form for this path.
    #[error("the path {} cannot be written in a configuration of ssh", shown(.0))]
    Path(PathBuf),
}

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        matches!(self, Self::OtherOwner { .. }).then(|| "run it as that user".to_owned())
    }

    /// The failure of an operation on this file.
    pub(crate) fn file(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { operation, path: path.to_owned(), source }
    }
}

fn shown(path: &Path) -> String {
    vmkit_types::escaped(&path.display().to_string())
}
