//! Makes a machine whole or not at all.

use std::{io, path::PathBuf};

use vmkit_files::{Directory, EntryKind};
use vmkit_types::Mac;

use crate::{
    data_directory::DataDirectory,
    entry::NewEntry,
    error::MachineError,
    hidden::Site,
    journal::{ENTRIES_LIMIT, Intent},
    lock::Held,
    registry_file::{Changed, now},
    step::Steps,
    stored::StoredMachine,
};

/// A machine that is being made.
#[derive(Debug)]
pub(crate) struct Build<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The hidden directory that receives its files, by descriptor and by path. It is renamed later, so
    /// that a file of the machine names another one of them without a directory.
    pub(crate) directory: &'a Directory,
    /// Its later directory.
    pub(crate) final_directory: PathBuf,
    /// Is to be called before each step that changes a file.
    pub(crate) steps: &'a Steps,
}

impl DataDirectory {
    /// Makes the machine that is held: `build` fills a hidden directory, which is then given its name and
    /// registered. If anything fails, or the process is killed and another command comes, nothing is left.
    pub(crate) fn make(
        &self,
        held: &Held,
        build: impl FnOnce(&Build<'_>) -> Result<NewEntry, MachineError>,
    ) -> Result<StoredMachine, MachineError> {
        self.settle(held)?;
        self.check_free(held.name())?;
        let directory = self.new_directory(held.name());
        let site = Site::of(&directory)?;
        let hidden = site.new.clone();
        self.intend(held, &Intent::Make { directory, hidden, entry: None })?;
        if let Err(error) = self.build(held, &site, build) {
            // The first error is the one to report. What cannot be removed now, the next command removes.
            self.settle(held).ok();
            return Err(error);
        }
        self.is_done(held)?;
        self.read(held.name())
    }

    /// Checks that no machine has the name, and no directory either.
    pub(crate) fn check_free(&self, name: &str) -> Result<(), MachineError> {
        if self.registry()?.contains(name) {
            return Err(MachineError::NameTaken(name.to_owned()));
        }
        let path = self.new_directory(name);
        let failed = |error| MachineError::file("look at", &path, error);
        if self.base.status(name).map_err(failed)?.is_none() {
            return Ok(());
        }
        let has_disk = self.base.below(name).ok().flatten().is_some_and(|directory| {
            directory.status(&format!("{name}.qcow2")).is_ok_and(|status| status.is_some())
        });
        if has_disk {
            return Err(MachineError::NameTaken(name.to_owned()));
        }
        Err(MachineError::DirectoryTaken(path))
    }

    fn build(
        &self,
        held: &Held,
        site: &Site,
        build: impl FnOnce(&Build<'_>) -> Result<NewEntry, MachineError>,
    ) -> Result<(), MachineError> {
        let (name, path) = (held.name(), site.path(&site.new));
        let failed = |error: io::Error| MachineError::file("make", &path, error);
        self.steps.step("make the hidden directory");
        let directory = site.above.make_new(&site.new).map_err(failed)?;
        let final_directory = self.new_directory(name);
        let entry = build(&Build {
            name,
            directory: &directory,
            final_directory: final_directory.clone(),
            steps: &self.steps,
        })?;
        self.steps.step("have the disk keep the new files");
        flush(&directory).map_err(|error| MachineError::file("write", &path, error))?;
        let text =
            final_directory.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()));
        let text = entry.text(name, text?, &now());
        let (hidden, entry_text) = (site.new.clone(), Some(text.clone()));
        let directory = final_directory;
        self.intend(held, &Intent::Make { directory, hidden, entry: entry_text })?;
        self.steps.step("give the directory its name");
        site.rename(&site.new, &site.name)?;
        self.register(name, &text, entry.mac).inspect_err(|_| {
            self.steps.step("hide the directory again");
            site.rename(&site.name, &site.new).ok();
        })
    }

    /// Registers a machine whose name and MAC nobody has.
    pub(crate) fn register(&self, name: &str, entry: &str, mac: Mac) -> Result<(), MachineError> {
        self.change_registry(|registry, now| {
            if registry.contains(name) {
                return Err(MachineError::NameTaken(name.to_owned()));
            }
            let other = registry.entries().find(|(_, entry)| {
                entry.is_some_and(|entry| entry.mac.as_ref().known() == Some(&mac))
            });
            if let Some((machine, _)) = other {
                return Err(MachineError::MacTaken { mac, machine: machine.to_owned() });
            }
            registry.put(name, entry, now).map_err(|why| self.invalid(why))?;
            Ok(Changed::Yes)
        })
    }
}

/// Has the disk keep all files of a new machine.
fn flush(directory: &Directory) -> io::Result<()> {
    for name in directory.names(ENTRIES_LIMIT)?.0 {
        match directory.status(&name)?.map(|status| status.kind) {
            Some(EntryKind::File) => {
                if let Some(file) = directory.open_file(&name)? {
                    file.sync_all()?;
                }
            }
            Some(EntryKind::Directory) => {
                directory.below(&name)?.map_or(Ok(()), |inner| flush(&inner))?;
            }
            Some(EntryKind::Link | EntryKind::Other) | None => {}
        }
    }
    directory.flush()
}
