//! One command at a time works on a machine, and one on the registry.

use std::{
    fs::File,
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use vmkit_files::{Directory, EntryStatus};

use crate::{
    data_directory::{DataDirectory, check_name, check_owner},
    error::MachineError,
    holder::{self, Holder},
};

/// How long to wait for another command that works on the same machine: longer than most take that do not
/// wait for a guest.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for the registry. Another command holds it for a few small writes, which a busy disk
/// delays by up to a second each.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(20);

/// The name of the registry's lock. No machine can be called so.
const REGISTRY: &str = ".registry";

/// The name of the lock that is held while an image is copied.
const COPY: &str = ".copy";

/// How long to wait for the copy of another command, which may be one of the same image: that of several GiB
/// takes minutes on a slow disk.
const COPY_PATIENCE: Duration = Duration::from_mins(10);

/// The lock of a machine. Dropping it, or the end of the process, releases it.
#[derive(Debug)]
pub struct Held {
    name: String,
    #[expect(dead_code, reason = "the file is open as long as the lock is held")]
    lock: Lock,
}

impl Held {
    /// The machine that is held.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl DataDirectory {
    /// Keeps other commands from working on a machine until the result is dropped. Waits for another one
    /// for up to ten seconds.
    ///
    /// # Errors
    /// Another command holds it for longer; no machine can have the name.
    pub fn hold(&self, name: &str) -> Result<Held, MachineError> {
        self.try_hold(name, PATIENCE)
    }

    /// The same with another patience.
    pub(crate) fn try_hold(&self, name: &str, patience: Duration) -> Result<Held, MachineError> {
        check_name(name)?;
        let what = || format!("the VM `{name}`");
        Ok(Held { name: name.to_owned(), lock: Lock::on(&self.locks, name, patience, what)? })
    }

    pub(crate) fn lock_registry(&self) -> Result<Lock, MachineError> {
        Lock::on(&self.locks, REGISTRY, REGISTRY_PATIENCE, || "the registry".to_owned())
    }
}

impl DataDirectory {
    /// Lets commands copy one after the other, so that they see whether they copy the same. `None`: the other
    /// one takes very long, which is no reason not to begin.
    pub(crate) fn lock_copy(&self) -> Result<Option<Lock>, MachineError> {
        match Lock::on(&self.locks, COPY, COPY_PATIENCE, || "the copy of an image".to_owned()) {
            Ok(lock) => Ok(Some(lock)),
            Err(MachineError::Busy { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes the locks of no machine that a killed command left.
    pub(crate) fn remove_left_locks(&self) -> Result<(), MachineError> {
        for name in [REGISTRY, COPY] {
            let status = self.locks.status(name);
            let failed = |error| MachineError::file("look at", self.locks.path(), error);
            if status.map_err(failed)?.is_some() {
                match Lock::on(&self.locks, name, Duration::ZERO, || name.to_owned()) {
                    Ok(_) | Err(MachineError::Busy { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

/// A locked file, which is removed when the lock is released.
#[derive(Debug)]
pub(crate) struct Lock {
    directory: Directory,
    name: String,
    #[expect(dead_code, reason = "the file is open as long as the lock is held")]
    file: OwnedFd,
}

impl Lock {
    fn on(
        directory: &Directory,
        name: &str,
        patience: Duration,
        what: impl Fn() -> String,
    ) -> Result<Self, MachineError> {
        let path = directory.path().join(name);
        let failed = |error: io::Error| MachineError::file("lock", &path, error);
        let deadline = Instant::now() + patience;
        loop {
            let file = directory.lock_file(name).map_err(failed)?;
            check_owner(&path, EntryStatus::of(&file).map_err(failed)?)?;
            let again = File::from(file.try_clone().map_err(failed)?);
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(file) = vmkit_files::lock(file, left).map_err(failed)? else {
                return Err(MachineError::Busy { what: what(), holder: Holder::read(again) });
            };
            // The former holder has removed the file that this process opened; others lock a new one.
            let locked = EntryStatus::of(&file).map_err(failed)?.identity;
            let named = directory.status(name).map_err(failed)?.map(|status| status.identity);
            if named == Some(locked) {
                // Who waits reads it; without it the lock is as good.
                holder::sign(again).ok();
                return Ok(Self { directory: directory.clone(), name: name.to_owned(), file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A file that stays is locked as well as a new one.
        self.directory.remove(&self.name).ok();
    }
}
