//! Changes that are whole or not made at all, and what an entry is.

use std::{
    io::{self, Write as _},
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    fs::{
        AtFlags, FileType, Mode, OFlags, RenameFlags, Stat, fstat, fsync, linkat, mkdirat, openat,
        renameat, renameat_with, statat,
    },
    io::Errno,
};

use crate::{
    directory::{Directory, plain},
    mounts::UNFOLLOWED,
};

/// An entry of a directory; a link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryStatus {
    /// What it is.
    pub kind: EntryKind,
    /// The user whose it is.
    pub owner: u32,
    /// Its permissions.
    pub mode: u32,
    /// Its file system and its number there.
    pub identity: (u64, u64),
    /// Bytes.
    pub size: u64,
    /// When its contents or its permissions changed last: seconds and nanoseconds. No program can set it.
    pub changed: (i64, i64),
}

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A socket, a pipe or a device.
    Other,
}

impl EntryStatus {
    /// What the system says of an open file.
    ///
    /// # Errors
    /// It says nothing.
    pub fn of(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::from(&fstat(file)?))
    }
}

#[expect(clippy::allow_attributes, reason = "which casts are needed depends on the system")]
#[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "types differ on macOS")]
impl From<&Stat> for EntryStatus {
    fn from(status: &Stat) -> Self {
        let kind = match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => EntryKind::File,
            FileType::Directory => EntryKind::Directory,
            FileType::Symlink => EntryKind::Link,
            _ => EntryKind::Other,
        };
        Self {
            kind,
            owner: status.st_uid,
            mode: u32::from(status.st_mode) & 0o7777,
            identity: (u64::try_from(status.st_dev).unwrap_or(u64::MAX), status.st_ino),
            size: u64::try_from(status.st_size).unwrap_or(u64::MAX),
            changed: (
                i64::try_from(status.st_ctime).unwrap_or(i64::MAX),
                i64::try_from(status.st_ctime_nsec).unwrap_or(i64::MAX),
            ),
        }
    }
}

impl Directory {
    /// What the directory itself is now.
    ///
    /// # Errors
    /// The system does not say.
    pub fn own_status(&self) -> io::Result<EntryStatus> {
        EntryStatus::of(self.descriptor())
    }

    /// What the entry of this name is, if there is one.
    ///
    /// # Errors
    /// The directory cannot be searched.
    pub fn status(&self, name: &str) -> io::Result<Option<EntryStatus>> {
        match statat(self.descriptor(), plain(name)?, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) => Ok(Some(EntryStatus::from(&status))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a directory, for this user only.
    ///
    /// # Errors
    /// Something of this name is there already, or it cannot be made.
    pub fn make_new(&self, name: &str) -> io::Result<Self> {
        mkdirat(self.descriptor(), plain(name)?, Mode::RWXU)?;
        self.make_below(name)
    }

    /// Renames an entry, which replaces a file of the new name.
    ///
    /// # Errors
    /// The system cannot rename it.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(self.descriptor(), plain(from)?, self.descriptor(), plain(to)?)?)
    }

    /// Renames an entry to a name that is free.
    ///
    /// # Errors
    /// Something has the new name, or the system cannot rename it.
    pub fn rename_to_free(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (plain(from)?, plain(to)?);
        let at = self.descriptor();
        match renameat_with(at, from, at, to, RenameFlags::NOREPLACE) {
            // The file system cannot do it at once.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                if self.status(to)?.is_some() {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                self.rename(from, to)
            }
            renamed => Ok(renamed?),
        }
    }

    /// Gives a file of another directory a second name in this one.
    ///
    /// # Errors
    /// Something has the name, the other directory is on another file system, or this one has no second
    /// names.
    pub fn link(&self, from: &Self, file: &str, name: &str) -> io::Result<()> {
        let (file, name) = (plain(file)?, plain(name)?);
        // Without a flag, a link is not followed.
        Ok(linkat(from.descriptor(), file, self.descriptor(), name, AtFlags::empty())?)
    }

    /// Has the disk keep which entries the directory has.
    ///
    /// # Errors
    /// The disk fails.
    pub fn flush(&self) -> io::Result<()> {
        match fsync(self.descriptor()) {
            // Some file systems cannot flush directories.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a new file that only this user can read, and has the disk keep it.
    ///
    /// # Errors
    /// Something of this name is there already, or it cannot be written.
    pub fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create(name)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Opens a file to lock, and makes it if it is missing. It has no other name, which would lock another
    /// file.
    ///
    /// # Errors
    /// It is a link, no regular file, or cannot be made.
    pub fn lock_file(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY | UNFOLLOWED;
        let file = openat(self.descriptor(), plain(name)?, flags, Mode::RUSR | Mode::WUSR)?;
        let status = fstat(&file)?;
        let is_regular = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile;
        if is_regular && status.st_nlink <= 1 {
            Ok(file)
        } else {
            Err(io::Error::other("not a regular file of one name"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn renames_over_files_or_to_a_free_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        for name in ["a", "b"] {
            directory.write_new(name, name.as_bytes()).unwrap();
        }
        let taken = directory.rename_to_free("a", "b").unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        directory.rename_to_free("a", "c").unwrap();
        directory.rename("c", "b").unwrap();
        directory.flush().unwrap();
        assert_eq!(directory.names(9).unwrap().0, ["b"]);
        assert_eq!(directory.read("b", 9).unwrap().unwrap(), b"a");
        assert!(directory.write_new("b", b"").is_err(), "nothing is overwritten");
        directory.link(&directory, "b", "second").unwrap();
        assert!(directory.link(&directory, "b", "second").is_err());
        assert_eq!(directory.read("second", 9).unwrap().unwrap(), b"a");
        for outside in ["../x", "a/b", ".."] {
            assert!(directory.rename("b", outside).is_err(), "{outside}");
            assert!(directory.rename_to_free("b", outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn says_what_an_entry_is_without_following_it() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        fs::write(folder.path().join("file"), "12").unwrap();
        symlink("file", folder.path().join("link")).unwrap();
        directory.make_new("folder").unwrap();
        assert!(directory.make_new("folder").is_err());
        let kind = |name: &str| directory.status(name).unwrap().map(|status| status.kind);
        assert_eq!(
            ["file", "link", "folder", "none"].map(kind),
            [Some(EntryKind::File), Some(EntryKind::Link), Some(EntryKind::Directory), None]
        );
        assert_eq!(directory.status("file").unwrap().unwrap().size, 2);
        assert_eq!(directory.own_status().unwrap().kind, EntryKind::Directory);
    }

    #[test]
    fn locks_no_link_and_no_file_of_two_names() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        directory.lock_file("lock").unwrap();
        fs::write(folder.path().join("precious"), "kept").unwrap();
        symlink("precious", folder.path().join("link")).unwrap();
        fs::hard_link(folder.path().join("precious"), folder.path().join("second")).unwrap();
        for name in ["link", "second"] {
            assert!(directory.lock_file(name).is_err(), "{name}");
        }
    }
}
