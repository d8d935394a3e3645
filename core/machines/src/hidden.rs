//! The hidden directories of machines that are being made or destroyed, beside their proper ones.

use std::{
    io,
    path::{Path, PathBuf},
};

use vmkit_files::Directory;

use crate::{data_directory::check_own_directory, error::MachineError};

/// No machine can be called so, and no reader lists it as one.
const NEW: &str = ".vmkit-new-";
const GONE: &str = ".vmkit-gone-";

/// The place of a machine's directory.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The directory that the machine's directory is in.
    pub(crate) above: Directory,
    /// The name of the machine's directory.
    pub(crate) name: String,
    /// Its name while this process makes it. A program that a killed command has started cannot write to
    /// the one of the next command.
    pub(crate) new: String,
    /// Its name while it is being destroyed.
    pub(crate) gone: String,
}

impl Site {
    /// The place of the directory, which need not exist. What it is in belongs to this user.
    pub(crate) fn of(directory: &Path) -> Result<Self, MachineError> {
        let failed = |error: io::Error| MachineError::file("open", directory, error);
        let name = directory.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
        let above = directory.parent().unwrap_or(Path::new("/"));
        let above = Directory::open(above).map_err(failed)?;
        check_own_directory(&above)?;
        let (new, gone) = (format!("{NEW}{name}.{}", std::process::id()), format!("{GONE}{name}"));
        Ok(Self { above, name: name.to_owned(), new, gone })
    }

    /// Whether something of this name is there.
    pub(crate) fn has(&self, name: &str) -> Result<bool, MachineError> {
        let status = self.above.status(name);
        Ok(status.map_err(|error| MachineError::file("look at", self.path(name), error))?.is_some())
    }

    /// Renames one of them to another one that is free.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), MachineError> {
        let renamed = self.above.rename_to_free(from, to).and_then(|()| self.above.flush());
        renamed.map_err(|error| MachineError::file("rename", self.path(from), error))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.above.path().join(name)
    }
}

/// The machine of a hidden directory's name.
pub(crate) fn machine_of(hidden: &str) -> Option<&str> {
    let new = || hidden.strip_prefix(NEW)?.rsplit_once('.').map(|(machine, _)| machine);
    hidden.strip_prefix(GONE).or_else(new)
}
