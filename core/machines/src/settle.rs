//! Ends what an interrupted command left of one machine.

use vmkit_types::escaped;

use crate::{
    data_directory::DataDirectory,
    error::MachineError,
    hidden::{Site, machine_of},
    journal::{ENTRIES_LIMIT, Intent},
    lock::Held,
    registry_file::Changed,
    replace::remove_if_there,
};

/// What became of an interrupted command.
#[derive(Debug)]
pub enum RepairOutcome {
    /// The machine was made; now it is registered too.
    CreationFinished,
    /// The machine was not made, and nothing of it is left.
    CreationUndone,
    /// The machine is destroyed.
    DestroyFinished,
    /// Nothing had been changed.
    NothingToDo,
    /// It cannot be ended.
    Failed(MachineError),
}

impl DataDirectory {
    /// Ends what an interrupted command left of the machine. `None`: nothing was interrupted.
    pub(crate) fn settle(&self, held: &Held) -> Result<Option<RepairOutcome>, MachineError> {
        let outcome = match self.intent(held)? {
            // What it was in is gone with it.
            Some(Intent::Make { directory, .. } | Intent::Destroy { directory })
                if directory
                    .parent()
                    .is_some_and(|above| matches!(above.try_exists(), Ok(false))) =>
            {
                RepairOutcome::NothingToDo
            }
            Some(Intent::Make { directory, hidden, entry }) => {
                self.settle_creation(held, &Site::of(&directory)?, &hidden, entry)?
            }
            Some(Intent::Destroy { directory }) => {
                self.settle_destroy(held, &Site::of(&directory)?)?
            }
            None => return self.settle_hidden(held),
        };
        self.is_done(held)?;
        Ok(Some(outcome))
    }

    fn settle_creation(
        &self,
        held: &Held,
        site: &Site,
        hidden: &str,
        entry: Option<String>,
    ) -> Result<RepairOutcome, MachineError> {
        // Whatever the journal says, no other machine is removed.
        if machine_of(hidden) == Some(held.name()) && site.has(hidden)? {
            self.remove(site, hidden)?;
            return Ok(RepairOutcome::CreationUndone);
        }
        // Only a built directory is given the name, and only where the name is free.
        let Some(entry) = entry.filter(|_| site.has(&site.name).unwrap_or(true)) else {
            return Ok(RepairOutcome::NothingToDo);
        };
        let name = held.name();
        self.change_registry(|registry, now| {
            if registry.contains(name) {
                return Ok(Changed::No);
            }
            registry.put(name, &entry, now).map_err(|why| self.invalid(why))?;
            Ok(Changed::Yes)
        })?;
        Ok(RepairOutcome::CreationFinished)
    }

    fn settle_destroy(&self, held: &Held, site: &Site) -> Result<RepairOutcome, MachineError> {
        if !site.has(&site.gone)? {
            // Either it was not renamed yet, or everything was done but the journal.
            if !site.has(&site.name)? {
                self.unregister(held.name())?;
                return Ok(RepairOutcome::DestroyFinished);
            }
            return Ok(RepairOutcome::NothingToDo);
        }
        // A directory of the name was made since.
        if !site.has(&site.name)? {
            self.unregister_or_make_room(held.name(), site)?;
        }
        self.remove(site, &site.gone)?;
        Ok(RepairOutcome::DestroyFinished)
    }

    /// Removes hidden directories without a journal: on a full disk a machine is destroyed without one.
    fn settle_hidden(&self, held: &Held) -> Result<Option<RepairOutcome>, MachineError> {
        // A new journal that was not finished: nothing had been begun.
        self.is_done(held)?;
        let site = Site::of(&self.new_directory(held.name()))?;
        if site.has(&site.gone)? {
            return self.settle_destroy(held, &site).map(Some);
        }
        let names = site.above.names(ENTRIES_LIMIT);
        let names = names.map_err(|error| MachineError::file("list", site.above.path(), error))?.0;
        let mut outcome = None;
        for hidden in names.iter().filter(|hidden| machine_of(hidden) == Some(held.name())) {
            self.remove(&site, hidden)?;
            outcome = Some(RepairOutcome::CreationUndone);
        }
        Ok(outcome)
    }

    /// Takes the machine out of the registry.
    pub(crate) fn unregister(&self, name: &str) -> Result<(), MachineError> {
        self.change_registry(|registry, now| {
            if !registry.contains(name) {
                return Ok(Changed::No);
            }
            registry.remove(name, now).map_err(|why| self.invalid(why))?;
            Ok(Changed::Yes)
        })
    }

    /// The same; a full disk gets room by removing the machine's files first.
    pub(crate) fn unregister_or_make_room(
        &self,
        name: &str,
        site: &Site,
    ) -> Result<(), MachineError> {
        match self.unregister(name) {
            Err(MachineError::NoSpace { .. }) => {
                self.remove(site, &site.gone)?;
                self.unregister(name)
            }
            unregistered => unregistered,
        }
    }

    /// Removes a hidden directory with all that is in it.
    pub(crate) fn remove(&self, site: &Site, hidden: &str) -> Result<(), MachineError> {
        let failed = |error| MachineError::file("remove", site.path(hidden), error);
        remove_if_there(&site.above, hidden, &self.steps).map_err(failed)?;
        site.above.flush().map_err(failed)
    }
}

impl std::fmt::Display for RepairOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CreationFinished => f.write_str("its interrupted creation was finished"),
            Self::CreationUndone => {
                f.write_str("its interrupted creation was undone; nothing of it is left")
            }
            Self::DestroyFinished => f.write_str("its interrupted removal was finished"),
            Self::NothingToDo => f.write_str("an interrupted command had changed nothing yet"),
            Self::Failed(error) => {
                let mut source = std::error::Error::source(error);
                write!(
                    f,
                    "an interrupted command cannot be ended: {}",
                    escaped(&error.to_string())
                )?;
                while let Some(error) = source {
                    write!(f, ": {}", escaped(&error.to_string()))?;
                    source = error.source();
                }
                Ok(())
            }
        }
    }
}
