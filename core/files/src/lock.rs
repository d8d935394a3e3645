//! A lock on an open file, with a deadline.

use std::{io, os::fd::OwnedFd, sync::mpsc, thread, time::Duration};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// Locks the file, which is open as long as the lock is to be held. `None`: another process holds it for
/// longer than `patience`.
///
/// # Errors
/// The system cannot lock it.
pub fn lock(file: OwnedFd, patience: Duration) -> io::Result<Option<OwnedFd>> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => return Ok(Some(file)),
        Err(Errno::WOULDBLOCK) if patience.is_zero() => return Ok(None),
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
        Ok(outcome) => Ok(Some(outcome?)),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    /// A run holds a lock for milliseconds; the rest is for a busy computer.
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn waits_for_a_held_lock_until_the_deadline() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let again = || OwnedFd::from(File::open(file.path()).unwrap());
        let held = lock(again(), LONG).unwrap().unwrap();
        assert!(lock(again(), Duration::from_millis(20)).unwrap().is_none());
        let waiting = thread::spawn({
            let file = again();
            move || lock(file, LONG).unwrap().is_some()
        });
        drop(held);
        assert!(waiting.join().unwrap());
    }
}
