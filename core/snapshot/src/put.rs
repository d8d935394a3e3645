//! Writes one file of a snapshot.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use vmkit_files::Directory;

use crate::archive::ArchiveError;

/// Why a snapshot could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The directory is not empty.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file or directory cannot be made.
    #[error("cannot write {}", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The time of the capture is out of range.
    #[error("the clock of this computer is out of range")]
    Time,
    /// The zip file cannot be begun.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

pub(crate) fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> SaveError {
    let path = path.to_owned();
    move |source| SaveError::Unwritable { path, source }
}

/// Adds one artefact by its path in the snapshot.
///
/// # Errors
/// It cannot be written; it is there already.
pub fn put(directory: &Directory, name: &str, bytes: &[u8]) -> Result<(), SaveError> {
    let written = directory.create(name).and_then(|mut file| file.write_all(bytes));
    written.map_err(unwritable(&directory.path().join(name)))
}
