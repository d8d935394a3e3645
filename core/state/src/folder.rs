//! The folder that stores vmkit's state.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{
        AtFlags, FileType, Mode, OFlags, fchmod, fstat, fsync, mkdirat, open, openat, renameat,
        unlinkat,
    },
    io::Errno,
    process::geteuid,
};

use crate::Lock;

/// Largest file. 10,000 VMs with two keys each take 6 MiB.
const SIZE_LIMIT: u64 = 16 << 20;

/// How long to wait for a lock. Another run holds it for one small write, which a busy disk delays by up
/// to a second.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// A folder below an existing one. No links are followed below that one, and what another user owns
/// there is neither read nor written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    base: PathBuf,
    below: Vec<String>,
    /// Whether everybody may read what is in it.
    public: bool,
}

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}", path.display())]
pub struct FolderError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Folder {
    /// The folder of these names below `base`, which may be a link.
    pub fn below(base: impl Into<PathBuf>, names: &[&str]) -> Self {
        let below = names.iter().map(|name| (*name).to_owned()).collect();
        Self { base: base.into(), below, public: false }
    }

    /// The same, but everybody may read new folders and files.
    #[must_use]
    pub(crate) fn for_everybody(self) -> Self {
        Self { public: true, ..self }
    }

    /// The path.
    pub fn path(&self) -> PathBuf {
        self.base.join(self.below.iter().collect::<PathBuf>())
    }

    /// Reads a file. `None`: it does not exist.
    ///
    /// # Errors
    /// The file is too large, not regular, owned by another user, or cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let attempt = || {
            let folder = self.open(false)?;
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
            let file = openat(folder, name, flags | UNFOLLOWED, Mode::empty())?;
            check_owner(&file)?;
            read_small(File::from(file))
        };
        found(attempt()).map_err(|source| self.error("read", name, source))
    }

    /// Keeps other runs from changing a file until the lock is dropped. Makes the folder if it does not
    /// exist.
    ///
    /// # Errors
    /// The lock cannot be made, or another run holds it for too long.
    pub fn lock(&self, name: &str) -> Result<Lock, FolderError> {
        let name = format!(".{name}.lock");
        let attempt = || {
            let lock = Lock::on(lock_file(&self.open(true)?, &name)?, LOCK_PATIENCE)?;
            lock.ok_or_else(|| io::Error::other("another run of vm holds it"))
        };
        attempt().map_err(|source| self.error("lock", &name, source))
    }

    /// Replaces a file atomically, and so that it survives a power cut. Makes the folder if it does not
    /// exist.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let attempt = || {
            let folder = self.open(true)?;
            let new = format!(".{name}.{}", std::process::id());
            let written = self.write_new(&folder, &new, bytes);
            let renamed = written.and_then(|()| {
                renameat(&folder, &new, &folder, name)?;
                Ok(fsync(&folder)?)
            });
            if renamed.is_err() {
                unlinkat(&folder, &new, AtFlags::empty()).ok();
            }
            renamed
        };
        attempt().map_err(|source| self.error("write", name, source))
    }

    /// Opens the folder, and makes missing folders if it may.
    fn open(&self, may_make: bool) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut at = open(&self.base, flags, Mode::empty())?;
        for name in &self.below {
            let is_new = match may_make.then(|| mkdirat(&at, name, Mode::RWXU)) {
                Some(Ok(())) => true,
                None | Some(Err(Errno::EXIST)) => false,
                Some(Err(error)) => return Err(error.into()),
            };
            at = openat(&at, name, flags | UNFOLLOWED, Mode::empty())?;
            check_owner(&at)?;
            if is_new && self.public {
                open_for_others(&at, Mode::RWXG | Mode::RWXO)?;
            }
        }
        Ok(at)
    }

    fn write_new(&self, folder: &OwnedFd, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let file = openat(folder, name, flags | UNFOLLOWED, PRIVATE)?;
        if self.public {
            open_for_others(&file, Mode::RGRP | Mode::ROTH)?;
        }
        let mut file = File::from(file);
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn error(&self, operation: &'static str, name: &str, source: io::Error) -> FolderError {
        FolderError { operation, path: self.path().join(name), source }
    }
}

const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);
const UNFOLLOWED: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

/// Opens a lock file. It has no other name, which would lock another file.
fn lock_file(folder: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY | UNFOLLOWED;
    let file = openat(folder, name, flags, PRIVATE)?;
    check_owner(&file)?;
    let status = fstat(&file)?;
    let is_regular = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile;
    if is_regular && status.st_nlink == 1 {
        Ok(file)
    } else {
        Err(io::Error::other("not a regular file of one name"))
    }
}

/// Lets others read, and enter what can be entered, whatever the mask of this process is.
fn open_for_others(file: &OwnedFd, access: Mode) -> io::Result<()> {
    let own = Mode::from_raw_mode(fstat(file)?.st_mode).intersection(Mode::RWXU);
    let write = Mode::WGRP | Mode::WOTH;
    Ok(fchmod(file, own.union(access.difference(write)))?)
}

fn read_small(file: File) -> io::Result<Vec<u8>> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more shows that the file is too large.
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(io::Error::other(format!("larger than {SIZE_LIMIT} bytes")));
    }
    Ok(bytes)
}

/// Reads a small regular file of the user and follows links. `None`: it does not exist.
///
/// # Errors
/// The file is too large, not regular, owned by another user, or cannot be read.
pub fn read_users_file(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let attempt = || {
        let file = open(path, flags, Mode::empty())?;
        check_owner(&file)?;
        read_small(File::from(file))
    };
    found(attempt()).map_err(|source| FolderError { operation: "read", path: path.into(), source })
}

fn found(read: io::Result<Vec<u8>>) -> io::Result<Option<Vec<u8>>> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Checks that the file belongs to the user of this process: another one could have put anything
/// there. For an ordinary user, root's files count too.
fn check_owner(file: impl AsFd) -> io::Result<()> {
    let owner = fstat(file)?.st_uid;
    if owner == geteuid().as_raw() || owner == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("user {owner} owns it")))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, chown, symlink},
    };

    use super::*;

    const NAME: &str = "host-keys.json";

    fn outcome(folder: &Folder) -> String {
        match folder.read(NAME) {
            Ok(Some(bytes)) => String::from_utf8(bytes).unwrap(),
            Ok(None) => "none".to_owned(),
            Err(error) => std::error::Error::source(&error).unwrap().to_string(),
        }
    }

    #[test]
    fn makes_folders_and_replaces_the_file() {
        let base = tempfile::tempdir().unwrap();
        let folder = Folder::below(base.path(), &[".local", "state", "vmkit"]);
        assert_eq!(outcome(&folder), "none");
        for text in ["a long first text", "then"] {
            folder.replace(NAME, text.as_bytes()).unwrap();
            assert_eq!(outcome(&folder), text);
        }
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.path()), mode(&folder.path().join(NAME))), (0o700, 0o600));
        assert_eq!(folder.path().read_dir().unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn follows_no_links_and_reads_only_regular_files() {
        let base = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("target");
        fs::write(&target, "precious").unwrap();
        let folder = Folder::below(base.path(), &["vmkit"]);

        symlink(elsewhere.path(), base.path().join("vmkit")).unwrap();
        assert!(folder.read("target").is_err());
        assert!(folder.replace("target", b"lost").is_err());
        fs::remove_file(base.path().join("vmkit")).unwrap();

        fs::create_dir(base.path().join("vmkit")).unwrap();
        symlink(&target, folder.path().join(NAME)).unwrap();
        assert!(folder.read(NAME).is_err());
        folder.replace(NAME, b"own").unwrap();
        assert_eq!(outcome(&folder), "own", "the link itself was replaced");
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");

        fs::remove_file(folder.path().join(NAME)).unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join(NAME)).status();
        assert!(made.unwrap().success());
        assert_eq!(outcome(&folder), "not a regular file");
    }

    #[test]
    fn uses_only_folders_and_files_of_this_user() {
        let base = tempfile::tempdir().unwrap();
        let folder = Folder::below(base.path(), &["vmkit"]);
        folder.replace(NAME, b"text").unwrap();
        let file = folder.path().join(NAME);
        assert_eq!(outcome(&folder), "text");
        // Only root can give files away.
        if !geteuid().is_root() {
            return;
        }
        chown(&file, Some(12345), None).unwrap();
        assert_eq!(outcome(&folder), "user 12345 owns it");
        chown(folder.path(), Some(12345), None).unwrap();
        assert!(folder.replace(NAME, b"lost").is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    }

    #[test]
    fn runs_that_change_a_file_at_once_lose_nothing() {
        let base = tempfile::tempdir().unwrap();
        let folder = Folder::below(base.path(), &["vmkit"]);
        let append = |_| {
            for _ in 0..20 {
                let _locked = folder.lock(NAME).unwrap();
                let mut bytes = folder.read(NAME).unwrap().unwrap_or_default();
                bytes.push(b'x');
                folder.replace(NAME, &bytes).unwrap();
            }
        };
        std::thread::scope(|scope| {
            for number in 0..2 {
                scope.spawn(move || append(number));
            }
        });
        assert_eq!(outcome(&folder), "x".repeat(40));
    }

    #[test]
    fn locks_no_file_that_has_another_name() {
        let base = tempfile::tempdir().unwrap();
        let folder = Folder::below(base.path(), &["vmkit"]);
        drop(folder.lock(NAME).unwrap());
        let lock = folder.path().join(format!(".{NAME}.lock"));
        let other = base.path().join("other");
        fs::write(&other, "precious").unwrap();
        for is_hard in [true, false] {
            fs::remove_file(&lock).unwrap();
            let linked =
                if is_hard { fs::hard_link(&other, &lock) } else { symlink(&other, &lock) };
            linked.unwrap();
            assert!(folder.lock(NAME).is_err());
        }
        assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
    }
}
