//! A lock between runs.

use std::{io, os::fd::OwnedFd, time::Duration};

/// A lock on a file. Dropping it, or the end of the process, releases it.
#[derive(Debug)]
pub struct Lock {
    #[expect(dead_code, reason = "the file is open as long as the lock is held")]
    file: OwnedFd,
}

impl Lock {
    /// Locks the file. `None`: another process holds it for longer than `patience`.
    pub(crate) fn on(file: OwnedFd, patience: Duration) -> io::Result<Option<Self>> {
        Ok(vmkit_files::lock(file, patience)?.map(|file| Self { file }))
    }
}
