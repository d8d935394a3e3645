//! Reads and changes the registry's file.

use std::{ffi::OsStr, io, path::Path};

use jiff::Timestamp;
use vmkit_files::{Directory, EntryStatus};
use vmkit_inventory::REGISTRY_LIMIT;

use crate::{
    data_directory::{DataDirectory, check_own_directory, check_owner},
    error::MachineError,
    lock::Lock,
    registry::Registry,
    replace::{UNFINISHED, remove_if_there, replace},
};

/// How often the registry is read anew because a program without a lock has changed it meanwhile. The
/// toolkit writes it a few times a minute at most.
const ATTEMPTS: u32 = 5;

/// The time as the toolkit writes it.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The registry's file.
struct Place<'a> {
    directory: Directory,
    name: &'a str,
    path: &'a Path,
}

impl DataDirectory {
    /// The registry as it is now; an empty one before the first machine.
    pub(crate) fn registry(&self) -> Result<Registry, MachineError> {
        Ok(self.place()?.read()?.0)
    }

    /// Changes the registry, which no other command can change meanwhile. The change may be asked for more
    /// than once; if it fails, the registry stays as it is.
    pub(crate) fn change_registry(
        &self,
        mut change: impl FnMut(&mut Registry, &str) -> Result<Changed, MachineError>,
    ) -> Result<(), MachineError> {
        let _lock: Lock = self.lock_registry()?;
        let place = self.place()?;
        for _ in 0..ATTEMPTS {
            let (mut registry, status) = place.read()?;
            if change(&mut registry, &now())? == Changed::No {
                return Ok(());
            }
            let is_current = || Ok(place.status()? == status);
            let bytes = registry.text().as_bytes();
            if replace(&place.directory, place.name, bytes, &self.steps, is_current)? {
                return Ok(());
            }
        }
        Err(self.invalid("is changed by another program again and again".to_owned()))
    }

    /// The error that the registry is not as it should be.
    pub(crate) fn invalid(&self, why: String) -> MachineError {
        MachineError::InvalidRegistry { path: self.location.registry.clone(), why }
    }

    /// Removes a new registry that a killed command was writing.
    pub(crate) fn remove_unfinished_registry(&self) -> Result<(), MachineError> {
        let place = self.place()?;
        let name = format!("{}{UNFINISHED}", place.name);
        let failed =
            |error| MachineError::file("remove", place.directory.path().join(&name), error);
        if place.directory.status(&name).map_err(failed)?.is_some() {
            let _lock = self.lock_registry()?;
            remove_if_there(&place.directory, &name, &self.steps).map_err(failed)?;
        }
        Ok(())
    }

    fn place(&self) -> Result<Place<'_>, MachineError> {
        let path = &self.location.registry;
        let failed = |error: io::Error| MachineError::file("open", path, error);
        let name = path.file_name().and_then(OsStr::to_str);
        let name = name.ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
        let above = path.parent().unwrap_or(Path::new("/"));
        let directory = Directory::make(above).map_err(failed)?;
        check_own_directory(&directory)?;
        Ok(Place { directory, name, path })
    }
}

/// Whether something is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Yes,
    No,
}

impl Place<'_> {
    fn status(&self) -> Result<Option<EntryStatus>, MachineError> {
        let status = self.directory.status(self.name);
        status.map_err(|error| MachineError::file("look at", self.path, error))
    }

    fn read(&self) -> Result<(Registry, Option<EntryStatus>), MachineError> {
        let failed = |error| MachineError::file("read", self.path, error);
        let invalid = |why| MachineError::InvalidRegistry { path: self.path.to_owned(), why };
        let status = self.status()?;
        if let Some(status) = status {
            check_owner(self.path, status)?;
        }
        match self.directory.read(self.name, REGISTRY_LIMIT).map_err(failed)? {
            Some(bytes) => Ok((Registry::parse(bytes).map_err(invalid)?, status)),
            None => Ok((Registry::empty(&now()), None)),
        }
    }
}
