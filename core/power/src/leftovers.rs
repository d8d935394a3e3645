//! Files that a process left because it was killed.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::{
    fs::{FlockOperation, OFlags, fcntl_lock},
    io::Errno,
};

use crate::{files::ProcessFiles, unix};

/// Most bytes of a pid file: a number and a line break.
const LONGEST_PID: u64 = 32;

/// Who owns a machine's pid file and sockets.
pub(crate) enum Owner {
    /// Nobody: they can be removed while the lock is held.
    Nobody(PidFile),
    /// A process.
    Process,
}

/// The pid file, locked: meanwhile no QEMU starts with it. `None`: there is no such file.
pub(crate) struct PidFile(Option<File>);

/// Whether a process has these files: it has locked the pid file, as QEMU does before anything else, or
/// listens on the monitor's socket.
pub(crate) fn owner(files: &ProcessFiles) -> io::Result<Owner> {
    let Some(lock) = lock(&files.pid())? else { return Ok(Owner::Process) };
    match unix::connect(&files.monitor()) {
        // A queue that is full belongs to somebody.
        Ok(_) | Err(Errno::AGAIN | Errno::INPROGRESS) => Ok(Owner::Process),
        Err(_) => Ok(Owner::Nobody(lock)),
    }
}

/// `None`: another process holds the lock.
fn lock(path: &Path) -> io::Result<Option<PidFile>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file =
        OpenOptions::new().read(true).write(true).custom_flags(flags.cast_signed()).open(path);
    let file = match file {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(PidFile(None))),
        Err(error) => return Err(error),
    };
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(PidFile(Some(file)))),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes the pid file and the sockets, which nobody owns. Without a pid file nothing is removed: a QEMU that
/// starts at this moment may have made them.
pub(crate) fn remove(files: &ProcessFiles, lock: PidFile) {
    let Some(lock) = lock.0 else { return };
    for path in [files.monitor(), files.console(), files.guest_agent(), files.pid()] {
        // What cannot be removed is replaced by the next QEMU, or it says why not.
        std::fs::remove_file(path).ok();
    }
    drop(lock);
}

/// The process that has written the pid file.
pub(crate) fn written_pid(files: &ProcessFiles) -> io::Result<u32> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(files.pid())?;
    let mut text = String::new();
    file.take(LONGEST_PID).read_to_string(&mut text)?;
    text.trim().parse().map_err(io::Error::other)
}
