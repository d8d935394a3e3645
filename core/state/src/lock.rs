//! A lock between runs.

use std::{io, os::fd::OwnedFd, sync::mpsc, thread, time::Duration};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// A lock on a file. Dropping it, or the end of the process, releases it.
#[derive(Debug)]
pub struct Lock {
    #[expect(dead_code, reason = "the file is open as long as the lock is held")]
    file: OwnedFd,
}

impl Lock {
    /// Locks the file. `None`: another process holds it for longer than `patience`.
    pub(crate) fn on(file: OwnedFd, patience: Duration) -> io::Result<Option<Self>> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(Self { file })),
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
        // The system call has no deadline. Past ours, the thread releases the lock as soon as it gets
        // it, because the channel is closed.
        let (give, take) = mpsc::sync_channel(1);
        thread::Builder::new().spawn(move || {
            let outcome = loop {
                match flock(&file, FlockOperation::LockExclusive) {
                    Err(Errno::INTR) => {}
                    outcome => break outcome,
                }
            };
            give.send(outcome.map(|()| file)).ok();
        })?;
        match take.recv_timeout(patience) {
            Ok(outcome) => Ok(Some(Self { file: outcome? })),
            Err(_) => Ok(None),
        }
    }
}
