//! Writing the file: whole or not at all, where the system allows it.

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs::File,
    io::{self, Seek as _, Write as _},
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, fstat, fsync, openat, unlinkat},
    io::Errno,
};
use sha2::{Digest as _, Sha256};

use crate::{
    new_file::{NewFile, Unwritten, remove_leftovers},
    store::{Current, Store, StoreError, UNFOLLOWED, Writer},
};

/// How the file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A new file took its place at once: every reader sees the former or the new one.
    Replaced,
    /// Its own bytes were overwritten, for it cannot be replaced: it is mounted by itself, as in a
    /// container, or another file cannot have its attributes.
    InPlace,
}

impl Writer<'_> {
    /// Writes these bytes, which differ from what the file holds. The former ones stay beside it as
    /// a backup.
    ///
    /// # Errors
    /// It cannot be written, or has changed since it was read. Unless the error says otherwise, the
    /// file is what it was.
    pub fn write(&self, current: &Current, bytes: &[u8]) -> Result<Way, StoreError> {
        remove_leftovers(self.store);
        self.refuse_immutable(current)?;
        self.keep(current, bytes)?;
        self.put(current, bytes)
    }

    /// Puts the backup in the file's place.
    ///
    /// # Errors
    /// There is none, the file is not what was written, or it cannot be written.
    pub fn undo(&self, current: &Current) -> Result<Way, StoreError> {
        let store = self.store;
        let (backup, sum) = names(store);
        remove_leftovers(store);
        let former = store.read_beside(&backup)?;
        // A run that was killed may have left a backup of what is there.
        let former = former.filter(|former| former.bytes != current.bytes);
        let Some(former) = former else {
            return Err(StoreError::NothingToUndo(store.beside(&backup)));
        };
        let written = store.read_beside(&sum)?.map(|sum| sum.bytes);
        if written != Some(sum_of(store, &current.bytes)) {
            let (path, backup) = (store.path().to_owned(), store.beside(&backup));
            return Err(StoreError::ChangedSince(path, backup));
        }
        self.refuse_immutable(current)?;
        let way = self.put(current, &former.bytes)?;
        for name in [sum, backup] {
            unlinkat(&store.directory, &name, AtFlags::empty())
                .map_err(|error| store.failed("remove", &name, error.into()))?;
        }
        self.keep_names()?;
        Ok(way)
    }

    fn put(&self, current: &Current, bytes: &[u8]) -> Result<Way, StoreError> {
        let store = self.store;
        let failed = |operation, error| store.failed(operation, &store.name, error);
        let new = match NewFile::write(store, current, bytes) {
            Ok(new) => new,
            Err(Unwritten::Attributes) => return self.overwrite(current, bytes),
            Err(Unwritten::System(error)) => return Err(failed("write a new file for", error)),
        };
        store.check_unchanged(current)?;
        match new.take_place(&store.name) {
            Ok(()) => {
                self.keep_names()?;
                Ok(Way::Replaced)
            }
            Err(error) if is_mounted(&error) => self.overwrite(current, bytes),
            Err(error) => Err(failed("replace", error)),
        }
    }

    /// Writes into the file itself. Ended in the midst of it, only the backup is whole.
    fn overwrite(&self, current: &Current, bytes: &[u8]) -> Result<Way, StoreError> {
        let store = self.store;
        let failed = |error: io::Error| store.failed("write", &store.name, error);
        store.check_unchanged(current)?;
        let file = openat(
            &store.directory,
            &store.name,
            OFlags::RDWR | OFlags::NONBLOCK | UNFOLLOWED,
            Mode::empty(),
        );
        let file = File::from(file.map_err(|error| failed(error.into()))?);
        let opened = fstat(&file).map_err(|error| failed(error.into()))?;
        if (opened.st_dev, opened.st_ino) != (current.stat.st_dev, current.stat.st_ino) {
            return Err(StoreError::Changed(store.path().to_owned()));
        }
        if let Err(error) = fill(&file, bytes) {
            // The disk is full, most likely: what the file held has room.
            return Err(match fill(&file, &current.bytes) {
                Ok(()) => failed(error),
                Err(_) => self.not_as_written(),
            });
        }
        if store.read()?.bytes == bytes { Ok(Way::InPlace) } else { Err(self.not_as_written()) }
    }

    fn not_as_written(&self) -> StoreError {
        let (backup, _) = names(self.store);
        StoreError::NotAsWritten(self.store.path().to_owned(), self.store.beside(&backup))
    }

    /// Keeps what the file holds, and the hash of what it is going to hold: [`Self::undo`] compares
    /// it, lest it undo another's change.
    fn keep(&self, current: &Current, bytes: &[u8]) -> Result<(), StoreError> {
        let store = self.store;
        let (backup, sum) = names(store);
        for (name, bytes) in [(backup, &current.bytes), (sum, &sum_of(store, bytes))] {
            let failed = |error| store.failed("write", &name, error);
            let new = match NewFile::write(store, current, bytes) {
                Ok(new) => Ok(new),
                Err(Unwritten::Attributes) => NewFile::plain(store, bytes),
                Err(Unwritten::System(error)) => Err(error),
            };
            new.and_then(|new| new.take_place(&name)).map_err(failed)?;
        }
        self.keep_names()
    }

    /// Has the disk keep the names in the directory.
    fn keep_names(&self) -> Result<(), StoreError> {
        match fsync(&self.store.directory) {
            // Some file systems keep no directory apart.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            Err(error) => {
                Err(self.store.failed("flush the directory of", &self.store.name, error.into()))
            }
        }
    }

    fn refuse_immutable(&self, current: &Current) -> Result<(), StoreError> {
        if is_immutable(current) {
            return Err(StoreError::Immutable(self.store.path().to_owned()));
        }
        Ok(())
    }
}

/// The names of the backup and of its sum.
fn names(store: &Store) -> (OsString, OsString) {
    (store.derived("", ".vmkit-backup"), store.derived("", ".vmkit-backup.sha256"))
}

/// The line that `sha256sum --check` reads.
fn sum_of(store: &Store, bytes: &[u8]) -> Vec<u8> {
    let mut text = Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    });
    text.push_str("  ");
    let mut line = text.into_bytes();
    line.extend_from_slice(store.name.as_encoded_bytes());
    line.push(b'\n');
    line
}

fn fill(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Whether the file is a mount of its own, which nothing can be renamed to.
fn is_mounted(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::BUSY | Errno::XDEV))
}

#[cfg(target_os = "linux")]
fn is_immutable(current: &Current) -> bool {
    let fixed = rustix::fs::IFlags::IMMUTABLE | rustix::fs::IFlags::APPEND;
    // A file system without these flags has no such files.
    rustix::fs::ioctl_getflags(&current.file).is_ok_and(|flags| flags.intersects(fixed))
}

#[cfg(not(target_os = "linux"))]
fn is_immutable(current: &Current) -> bool {
    /// `UF_IMMUTABLE | UF_APPEND | SF_IMMUTABLE | SF_APPEND` of `sys/stat.h`.
    const FIXED: u32 = 0x0006_0006;
    current.stat.st_flags & FIXED != 0
}
