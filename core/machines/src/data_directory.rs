//! The data directory, opened for writing.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::process::{getegid, geteuid};
use vmkit_files::{Directory, EntryStatus};
use vmkit_inventory::{Location, valid_name};

use crate::{error::MachineError, step::Steps};

/// The directory of vmkit's own files in a data directory.
const OWN: &str = ".vmkit";

/// Every user may write.
const EVERYBODY_WRITES: u32 = 0o002;

/// A data directory that is opened for writing.
#[derive(Clone, Debug)]
pub struct DataDirectory {
    pub(crate) location: Location,
    /// The directory of the machines' directories.
    pub(crate) base: Directory,
    /// The locks of the machines, and that of the registry.
    pub(crate) locks: Directory,
    /// What is being done to the machines.
    pub(crate) journal: Directory,
    pub(crate) steps: Steps,
}

impl DataDirectory {
    /// Opens the data directory, and makes what is missing of it, for this user only.
    ///
    /// # Errors
    /// It is another user's, everybody can write to it, or it cannot be made.
    pub fn open(location: &Location) -> Result<Self, MachineError> {
        let data = make(&location.data_directory)?;
        let base = make(&location.base_directory)?;
        let below = |directory: &Directory, name: &str| -> Result<Directory, MachineError> {
            let path = directory.path().join(name);
            let made = directory.make_below(name);
            let made = made.map_err(|error| MachineError::file("make", &path, error))?;
            check_own_directory(&made)?;
            Ok(made)
        };
        let own = below(&data, OWN)?;
        let (locks, journal) = (below(&own, "locks")?, below(&own, "journal")?);
        let steps = Steps::default();
        Ok(Self { location: location.clone(), base, locks, journal, steps })
    }

    /// The same, and the observer is called before each step that changes a file.
    #[cfg(test)]
    pub(crate) fn observed(self, observer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { steps: Steps::observed(observer), ..self }
    }

    /// The directory that a new machine of this name gets.
    pub(crate) fn new_directory(&self, name: &str) -> PathBuf {
        self.location.base_directory.join(name)
    }
}

/// Checks that a machine can have the name.
pub(crate) fn check_name(name: &str) -> Result<(), MachineError> {
    if valid_name(name) { Ok(()) } else { Err(MachineError::InvalidName(name.to_owned())) }
}

fn make(path: &Path) -> Result<Directory, MachineError> {
    let made = Directory::make(path).map_err(|error| MachineError::file("open", path, error))?;
    check_own_directory(&made)?;
    Ok(made)
}

/// Checks that the directory is this user's and that not everybody can write to it.
pub(crate) fn check_own_directory(directory: &Directory) -> Result<(), MachineError> {
    let path = directory.path();
    let status = directory.own_status();
    let status = status.map_err(|error| MachineError::file("look at", path, error))?;
    check_owner(path, status)?;
    if status.mode & EVERYBODY_WRITES != 0 {
        return Err(MachineError::Open { path: path.to_owned(), mode: status.mode });
    }
    Ok(())
}

/// Checks that a file is this user's. Under sudo that is the user who called it, whom this process has
/// become before.
pub(crate) fn check_owner(path: &Path, status: EntryStatus) -> Result<(), MachineError> {
    check_owner_in(path, path, status)
}

/// The same for a file in a directory that is to be given back as a whole.
pub(crate) fn check_owner_in(
    tree: &Path,
    path: &Path,
    status: EntryStatus,
) -> Result<(), MachineError> {
    let user = geteuid().as_raw();
    if status.owner == user {
        return Ok(());
    }
    let (path, tree) = (path.to_owned(), tree.to_owned());
    let group = getegid().as_raw();
    let above = tree.parent().and_then(|above| above.symlink_metadata().ok());
    let is_in_own = above.is_some_and(|above| above.uid() == user);
    Err(MachineError::Foreign { path, tree, owner: status.owner, user, group, is_in_own })
}
