//! The hosts file at its real place, and the lock that those who write it hold.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::{
    fs::{
        Access, AtFlags, FileType, FlockOperation, Gid, Mode, OFlags, Stat, Uid, accessat, fchown,
        flock, fstat, open, openat, statat,
    },
    io::Errno,
};

/// Largest file that is read: more than four times that of the largest lists that block
/// advertisements.
const SIZE_LIMIT: u64 = 256 << 20;

/// The files that the system's resolvers read. `/private/etc` is that of macOS.
const OF_THE_SYSTEM: [&str; 2] = ["/etc/hosts", "/private/etc/hosts"];

/// How long another run may hold the lock. A run holds it for milliseconds, or some seconds where
/// the disk is slow; a hundred of them in a row pass within this.
const LOCK_DEADLINE: Duration = Duration::from_secs(20);

/// A hosts file: its directory, held open, and its name in it.
///
/// Everything is done by way of the open directory and without following links, so that whoever
/// may rename the directories above cannot lead a write elsewhere.
#[derive(Debug)]
pub struct Store {
    pub(crate) directory: OwnedFd,
    pub(crate) name: OsString,
    path: PathBuf,
}

/// What the file holds, and which file that was.
#[derive(Debug)]
pub struct Current {
    /// All of its bytes.
    pub bytes: Vec<u8>,
    pub(crate) file: File,
    pub(crate) stat: Stat,
}

/// The right to write: one run at a time has it.
#[derive(Debug)]
pub struct Writer<'a> {
    pub(crate) store: &'a Store,
    _lock: File,
}

/// Why the hosts file is not read or not written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The path ends in no name.
    #[error("{} is not the path of a file", .0.display())]
    NotAFile(PathBuf),
    /// A link stands in its place.
    #[error("{} is a symbolic link: another program makes the file that it leads to, and would undo a change", .0.display())]
    Link(PathBuf),
    /// Something else than a regular file stands in its place.
    #[error("{} is not a regular file", .0.display())]
    NotRegular(PathBuf),
    /// It is larger than any hosts file.
    #[error("{} is larger than {} MiB", .0.display(), SIZE_LIMIT >> 20)]
    TooLarge(PathBuf),
    /// Its file system refuses every change to it.
    #[error("{} is marked as immutable", .0.display())]
    Immutable(PathBuf),
    /// Another run holds the lock and does not end.
    #[error("another run holds {} for more than {} s", .0.display(), LOCK_DEADLINE.as_secs())]
    Locked(PathBuf),
    /// Another program has changed it after it was read.
    #[error("{} was changed by another program in the meantime", .0.display())]
    Changed(PathBuf),
    /// It was written in place and does not hold what was written.
    #[error("{} does not hold what was written to it; the former file is {}", .0.display(), .1.display())]
    NotAsWritten(PathBuf, PathBuf),
    /// There is no backup, or what it is the backup of has been undone.
    #[error("there is nothing to undo: {} is not there", .0.display())]
    NothingToUndo(PathBuf),
    /// It has been changed since it was written.
    #[error("{} was changed after vmkit wrote it; undoing would lose that change. The file before is {}", .0.display(), .1.display())]
    ChangedSince(PathBuf, PathBuf),
    /// The system refuses.
    #[error("cannot {operation} {}", path.display())]
    System {
        /// What was tried.
        operation: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl StoreError {
    /// Whether another user, root above all, may be able to do it.
    pub fn lacks_rights(&self) -> bool {
        let Self::System { source, .. } = self else { return false };
        source.kind() == io::ErrorKind::PermissionDenied
    }
}

impl Store {
    /// The file at this path. Directories are followed through links, the file itself is not.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn at(path: &Path) -> Result<Self, StoreError> {
        let Some(name) = path.file_name() else { return Err(StoreError::NotAFile(path.into())) };
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let failed = |source: io::Error| StoreError::System {
            operation: "open the directory",
            path: parent.into(),
            source,
        };
        let real = parent.canonicalize().map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = open(&real, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
        Ok(Self { directory, name: name.to_owned(), path: real.join(name) })
    }

    /// Whether it is the one that this system's resolvers read.
    pub fn is_of_system(&self) -> bool {
        OF_THE_SYSTEM.iter().any(|path| Path::new(path) == self.path)
    }

    /// Whether this process has the rights to write it, as far as can be told before.
    pub fn may_be_written(&self) -> bool {
        accessat(&self.directory, ".", Access::WRITE_OK, AtFlags::empty()).is_ok()
    }

    /// Where the file before the last change is.
    pub fn backup(&self) -> PathBuf {
        self.beside(&self.derived("", ".vmkit-backup"))
    }

    /// Its real path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it.
    ///
    /// # Errors
    /// It is not there, is a link or no regular file, or cannot be read.
    pub fn read(&self) -> Result<Current, StoreError> {
        match self.read_beside(&self.name)? {
            Some(current) => Ok(current),
            None => Err(self.failed("open", &self.name, Errno::NOENT.into())),
        }
    }

    /// Reads a file of the directory; `None`: there is none.
    pub(crate) fn read_beside(&self, name: &OsStr) -> Result<Option<Current>, StoreError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | UNFOLLOWED;
        let file = match openat(&self.directory, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(StoreError::Link(self.beside(name))),
            Err(error) => return Err(self.failed("open", name, error.into())),
        };
        let failed = |error: io::Error| self.failed("read", name, error);
        let stat = fstat(&file).map_err(|error| failed(error.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(StoreError::NotRegular(self.beside(name)));
        }
        let mut bytes = Vec::new();
        // One byte more than the limit shows that it is larger.
        (&file).take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(StoreError::TooLarge(self.beside(name)));
        }
        Ok(Some(Current { bytes, file, stat }))
    }

    /// Waits for the right to write. What was read before may have changed when it is given.
    ///
    /// # Errors
    /// Another run keeps it, or the directory cannot be written.
    pub fn lock(&self) -> Result<Writer<'_>, StoreError> {
        // A lock on the hosts file itself would be lost when that is replaced, and on the directory
        // anybody could hold one.
        let name = self.derived(".", ".vmkit-lock");
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | UNFOLLOWED;
        let lock = openat(&self.directory, &name, flags, Mode::RUSR | Mode::WUSR);
        let lock = lock.map_err(|error| match error {
            Errno::LOOP => StoreError::Link(self.beside(&name)),
            error => self.failed("open the lock", &name, error.into()),
        })?;
        // Root's lock in a user's directory must not keep that user out.
        if let Ok(of) = fstat(&self.directory) {
            fchown(&lock, Some(Uid::from_raw(of.st_uid)), Some(Gid::from_raw(of.st_gid))).ok();
        }
        let lock = locked(File::from(lock), LOCK_DEADLINE)
            .map_err(|error| self.failed("lock", &name, error))?;
        let lock = lock.ok_or_else(|| StoreError::Locked(self.beside(&name)))?;
        Ok(Writer { store: self, _lock: lock })
    }

    /// The name of a file that belongs to ours.
    pub(crate) fn derived(&self, before: &str, after: &str) -> OsString {
        let mut name = OsString::from(before);
        name.push(&self.name);
        name.push(after);
        name
    }

    /// The path of a file in the directory.
    pub(crate) fn beside(&self, name: &OsStr) -> PathBuf {
        self.path.with_file_name(name)
    }

    pub(crate) fn failed(
        &self,
        operation: &'static str,
        name: &OsStr,
        source: io::Error,
    ) -> StoreError {
        StoreError::System { operation, path: self.beside(name), source }
    }

    /// Whether the file at the name is still the one that was read, as it was then.
    pub(crate) fn check_unchanged(&self, current: &Current) -> Result<(), StoreError> {
        let now = statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| self.failed("look at", &self.name, error.into()))?;
        let state = |stat: &Stat| {
            let changed = (stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec);
            (stat.st_dev, stat.st_ino, stat.st_size, changed)
        };
        if state(&now) == state(&current.stat) {
            Ok(())
        } else {
            Err(StoreError::Changed(self.path.clone()))
        }
    }
}

pub(crate) const UNFOLLOWED: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// The file with an exclusive lock on it; `None`: the deadline has passed.
fn locked(file: File, deadline: Duration) -> io::Result<Option<File>> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => return Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => {}
        Err(error) => return Err(error.into()),
    }
    // The system knows no deadline for it. Past ours, the thread gives the lock back as soon as it
    // has it, for then nobody takes the file from it.
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
    match take.recv_timeout(deadline) {
        Ok(outcome) => Ok(Some(outcome?)),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_is_waited_for_until_the_deadline() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let again = || File::open(file.path()).unwrap();
        let held = locked(again(), LOCK_DEADLINE).unwrap().unwrap();
        assert!(locked(again(), Duration::from_millis(20)).unwrap().is_none());
        let waiting = thread::spawn({
            let file = again();
            move || locked(file, LOCK_DEADLINE).unwrap().is_some()
        });
        drop(held);
        assert!(waiting.join().unwrap());
    }
}
