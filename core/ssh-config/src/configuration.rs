//! The user's configuration of ssh, with the entries included or taken out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    Entry, Error, Invocation, Rendered,
    entries::render,
    file,
    include::{BrokenBlock, added, hosts, removed},
};

/// The file of the entries, beside the user's own.
const ENTRIES: &str = "vmkit_config";

/// The user's configuration of ssh.
#[derive(Clone, Debug)]
pub struct Configuration {
    directory: PathBuf,
    /// The user's file and its bytes.
    path: PathBuf,
    bytes: Vec<u8>,
}

/// What was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The file of the entries.
    pub entries: PathBuf,
    /// Whether the user's file did not include it before.
    pub is_new: bool,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Whether the user's file included the entries.
    pub inclusion: bool,
    /// The file of the entries, if it existed.
    pub entries: Option<PathBuf>,
}

impl Configuration {
    /// Reads the configuration in this directory, usually `~/.ssh`.
    ///
    /// # Errors
    /// The user's file exists and cannot be read.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let path = directory.join("config");
        let bytes = file::read(&path)?.unwrap_or_default();
        Ok(Self { directory: directory.to_owned(), path, bytes })
    }

    /// The user's own file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of these entries. Machines that the user's file names are skipped.
    ///
    /// # Errors
    /// A path cannot be written in a configuration of ssh.
    pub fn render(&self, entries: Vec<Entry>, invocation: &Invocation) -> Result<Rendered, Error> {
        let own: BTreeMap<String, usize> = hosts(&self.bytes);
        render(entries, &own, invocation)
    }

    /// Writes the entries and includes them in the user's file.
    ///
    /// # Errors
    /// A file cannot be written, or our block in the user's file is broken. A broken block is found
    /// before anything is written.
    pub fn install(&self, text: &str) -> Result<Installed, Error> {
        let with_entries = added(&self.bytes, ENTRIES).map_err(self.broken())?;
        file::make_private_directory(&self.directory)?;
        let entries = self.directory.join(ENTRIES);
        file::replace(&entries, text.as_bytes())?;
        if let Some(bytes) = &with_entries {
            file::replace(&self.path, bytes)?;
        }
        Ok(Installed { entries, is_new: with_entries.is_some() })
    }

    /// Takes the inclusion out of the user's file and removes the entries.
    ///
    /// # Errors
    /// As [`Configuration::install`].
    pub fn uninstall(&self) -> Result<Removed, Error> {
        let without_entries = removed(&self.bytes).map_err(self.broken())?;
        if let Some(bytes) = &without_entries {
            file::replace(&self.path, bytes)?;
        }
        let entries = self.directory.join(ENTRIES);
        let existed = file::remove(&entries)?;
        Ok(Removed { inclusion: without_entries.is_some(), entries: existed.then_some(entries) })
    }

    fn broken(&self) -> impl FnOnce(BrokenBlock) -> Error {
        |source| Error::Block { path: self.path.clone(), source }
    }
}
