//! Reads the hosts file, and locks it for writing.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{Access, AtFlags, FileType, Mode, OFlags, Stat, accessat, fstat, open, openat, statat},
    io::Errno,
    process::geteuid,
};

/// Largest file that is read, more than four times the largest lists that block advertisements.
const SIZE_LIMIT: u64 = 256 << 20;

/// The files that the system's resolvers read. `/private/etc` is on macOS.
const SYSTEM_FILES: [&str; 2] = ["/etc/hosts", "/private/etc/hosts"];

/// How long to wait for the lock. A run holds it for milliseconds, or seconds on a slow disk.
const LOCK_DEADLINE: Duration = Duration::from_secs(20);

/// A hosts file: its open directory, and its name there.
///
/// All operations go through the open directory and follow no links, so nobody who may rename the
/// directories above can redirect a write.
#[derive(Debug)]
pub struct Store {
    pub(crate) directory: OwnedFd,
    pub(crate) name: OsString,
    path: PathBuf,
}

/// The contents of the file and the file they were read from.
#[derive(Debug)]
pub struct Current {
    /// The contents.
    pub bytes: Vec<u8>,
    pub(crate) file: File,
    pub(crate) stat: Stat,
}

/// The lock for writing, held by one run at a time.
#[derive(Debug)]
pub struct Writer<'a> {
    pub(crate) store: &'a Store,
    _lock: OwnedFd,
}

/// Why the hosts file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The path has no file name.
    #[error("{} is not the path of a file", .0.display())]
    NotAFile(PathBuf),
    /// The path is a symbolic link.
    #[error("{} is a symbolic link; the program that manages its target would undo a change", .0.display())]
    Link(PathBuf),
    /// Another user planted the file.
    #[error("{} belongs to user {}, who owns neither the hosts file nor its directory", path.display(), owner)]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The user's id.
        owner: u32,
    },
    /// The file has several names, so it may be a file of somebody else's.
    #[error("{} has a second name elsewhere (a hard link)", .0.display())]
    HardLink(PathBuf),
    /// The path is not a regular file.
    #[error("{} is not a regular file", .0.display())]
    NotRegular(PathBuf),
    /// The file is larger than any hosts file.
    #[error("{} is larger than {} MiB", .0.display(), SIZE_LIMIT >> 20)]
    TooLarge(PathBuf),
    /// The file has the immutable or append-only attribute.
    #[error("{} is marked as immutable", .0.display())]
    Immutable(PathBuf),
    /// Another run keeps the lock.
    #[error("another run has held {} for more than {} s", .0.display(), LOCK_DEADLINE.as_secs())]
    Locked(PathBuf),
    /// Another program changed the file after it was read.
    #[error("{} was changed by another program in the meantime", .0.display())]
    Changed(PathBuf),
    /// The file was written in place and has other contents.
    #[error("{} was not written completely; the former file is {}", .0.display(), .1.display())]
    NotAsWritten(PathBuf, PathBuf),
    /// There is no backup, or the change was already undone.
    #[error("there is nothing to undo: {} does not exist", .0.display())]
    NothingToUndo(PathBuf),
    /// The file was changed after vmkit wrote it.
    #[error("{} was changed after vmkit wrote it; undoing would lose that change. The former file is {}", .0.display(), .1.display())]
    ChangedSince(PathBuf, PathBuf),
    /// A system call failed.
    #[error("cannot {operation} {}", path.display())]
    System {
        /// The operation.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl StoreError {
    /// Whether another user, such as root, may be able to do it.
    pub fn lacks_rights(&self) -> bool {
        let Self::System { source, .. } = self else { return false };
        source.kind() == io::ErrorKind::PermissionDenied
    }

    /// What a person can do about it, where rights are not what is missing.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Immutable(_) => Some("if that is not intended: chattr -i"),
            Self::Link(_) => Some("choose the target with --file if it may be changed"),
            Self::Changed(_) | Self::Locked(_) => Some("run it again"),
            _ => None,
        }
    }
}

impl Store {
    /// Opens the directory of this path, which may contain links.
    ///
    /// # Errors
    /// The directory does not exist.
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

    /// Whether this is the system's hosts file.
    pub fn is_system_file(&self) -> bool {
        SYSTEM_FILES.iter().any(|path| Path::new(path) == self.path)
    }

    /// Whether this process seems to have the rights to write the file.
    pub fn is_writable(&self) -> bool {
        accessat(&self.directory, ".", Access::WRITE_OK, AtFlags::empty()).is_ok()
    }

    /// The path of the backup.
    pub fn backup(&self) -> PathBuf {
        self.beside(&self.derived("", ".vmkit-backup"))
    }

    /// The file's real path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file.
    ///
    /// # Errors
    /// The file does not exist, is a link or not regular, or cannot be read.
    pub fn read(&self) -> Result<Current, StoreError> {
        match self.read_beside(&self.name)? {
            Some(current) => Ok(current),
            None => Err(self.failed("open", &self.name, Errno::NOENT.into())),
        }
    }

    /// Reads a file of the directory. `None`: it does not exist.
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
        // One byte more shows that the file is too large.
        (&file).take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(StoreError::TooLarge(self.beside(name)));
        }
        Ok(Some(Current { bytes, file, stat }))
    }

    /// Waits for the lock. The file may change during the wait.
    ///
    /// # Errors
    /// Another run keeps the lock, or the directory cannot be written.
    pub fn lock(&self) -> Result<Writer<'_>, StoreError> {
        // Replacing the hosts file would drop a lock on it, and any user could lock the directory.
        let name = self.derived(".", ".vmkit-lock");
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | UNFOLLOWED;
        let lock = openat(&self.directory, &name, flags, Mode::RUSR | Mode::WUSR);
        let lock = lock.map_err(|error| match error {
            Errno::LOOP => StoreError::Link(self.beside(&name)),
            error => self.failed("open the lock", &name, error.into()),
        })?;
        let opened = fstat(&lock).map_err(|error| self.failed("look at", &name, error.into()))?;
        self.refuse_planted(&name, &opened, None)?;
        let lock = vmkit_files::lock(lock, LOCK_DEADLINE)
            .map_err(|error| self.failed("lock", &name, error))?;
        let lock = lock.ok_or_else(|| StoreError::Locked(self.beside(&name)))?;
        Ok(Writer { store: self, _lock: lock })
    }

    /// Reads a file that an earlier run wrote beside this hosts file. `None`: it does not exist.
    ///
    /// # Errors
    /// It is not such a file, or cannot be read.
    pub(crate) fn read_own(
        &self,
        name: &OsStr,
        hosts: &Current,
    ) -> Result<Option<Current>, StoreError> {
        let Some(own) = self.read_beside(name)? else { return Ok(None) };
        self.refuse_planted(name, &own.stat, Some(hosts))?;
        Ok(Some(own))
    }

    /// Refuses files that others put into a directory such as `/tmp`.
    fn refuse_planted(
        &self,
        name: &OsStr,
        stat: &Stat,
        hosts: Option<&Current>,
    ) -> Result<(), StoreError> {
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(StoreError::NotRegular(self.beside(name)));
        }
        if stat.st_nlink > 1 {
            return Err(StoreError::HardLink(self.beside(name)));
        }
        let directory = fstat(&self.directory)
            .map_err(|error| self.failed("look at the directory of", name, error.into()))?;
        // The files of these users may be theirs, or have been made for them.
        let owners = [0, geteuid().as_raw(), directory.st_uid];
        let hosts_owner = hosts.map(|hosts| hosts.stat.st_uid);
        if owners.into_iter().chain(hosts_owner).any(|owner| owner == stat.st_uid) {
            Ok(())
        } else {
            Err(StoreError::Foreign { path: self.beside(name), owner: stat.st_uid })
        }
    }

    /// The name of a file beside the hosts file.
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

    /// Checks that the file is still the one that was read, and unchanged.
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
