//! Writes the file, atomically where the system allows it.

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
pub enum WriteMethod {
    /// Atomically, by a new file: readers see the former or the new contents.
    Replaced,
    /// By overwriting, because the file is a mount of its own, as in a container, or a new file
    /// cannot have its attributes.
    InPlace,
}

impl Writer<'_> {
    /// Writes these bytes, which differ from the current ones, and keeps those as a backup.
    ///
    /// # Errors
    /// The file cannot be written or has changed since it was read. It is unchanged unless the error
    /// says otherwise.
    pub fn write(&self, current: &Current, bytes: &[u8]) -> Result<WriteMethod, StoreError> {
        remove_leftovers(self.store);
        self.refuse_immutable(current)?;
        self.back_up(current, bytes)?;
        self.put(current, bytes)
    }

    /// Restores the backup.
    ///
    /// # Errors
    /// There is no backup, or the file has changed since or cannot be written.
    pub fn undo(&self, current: &Current) -> Result<WriteMethod, StoreError> {
        let store = self.store;
        let (backup, sum) = names(store);
        remove_leftovers(store);
        let former = store.read_own(&backup, current)?;
        // A killed run may have left a backup of the current contents.
        let former = former.filter(|former| former.bytes != current.bytes);
        let Some(former) = former else {
            return Err(StoreError::NothingToUndo(store.beside(&backup)));
        };
        let written = store.read_own(&sum, current)?.map(|sum| sum.bytes);
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
        self.flush_directory()?;
        Ok(way)
    }

    fn put(&self, current: &Current, bytes: &[u8]) -> Result<WriteMethod, StoreError> {
        let store = self.store;
        let failed = |operation, error| store.failed(operation, &store.name, error);
        let new = match NewFile::write(store, current, bytes) {
            Ok(new) => new,
            Err(Unwritten::Attributes) => return self.overwrite(current, bytes),
            Err(Unwritten::System(error)) => return Err(failed("write a new file for", error)),
        };
        store.check_unchanged(current)?;
        match new.replace(&store.name) {
            Ok(()) => {
                self.flush_directory()?;
                Ok(WriteMethod::Replaced)
            }
            Err(error) if is_mounted(&error) => self.overwrite(current, bytes),
            Err(error) => Err(failed("replace", error)),
        }
    }

    /// Overwrites the file. If the process is killed meanwhile, only the backup is complete.
    fn overwrite(&self, current: &Current, bytes: &[u8]) -> Result<WriteMethod, StoreError> {
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
            // The disk is probably full; the former contents still fit.
            return Err(match fill(&file, &current.bytes) {
                Ok(()) => failed(error),
                Err(_) => self.not_as_written(),
            });
        }
        if store.read()?.bytes == bytes {
            Ok(WriteMethod::InPlace)
        } else {
            Err(self.not_as_written())
        }
    }

    fn not_as_written(&self) -> StoreError {
        let (backup, _) = names(self.store);
        StoreError::NotAsWritten(self.store.path().to_owned(), self.store.beside(&backup))
    }

    /// Writes the backup, and the hash of the new contents, by which [`Self::undo`] recognises changes
    /// by others.
    fn back_up(&self, current: &Current, bytes: &[u8]) -> Result<(), StoreError> {
        let store = self.store;
        let (backup, sum) = names(store);
        for (name, bytes) in [(backup, &current.bytes), (sum, &sum_of(store, bytes))] {
            let failed = |error| store.failed("write", &name, error);
            let new = match NewFile::write(store, current, bytes) {
                Ok(new) => Ok(new),
                Err(Unwritten::Attributes) => NewFile::plain(store, bytes),
                Err(Unwritten::System(error)) => Err(error),
            };
            new.and_then(|new| new.replace(&name)).map_err(failed)?;
        }
        self.flush_directory()
    }

    /// Flushes the directory to the disk.
    fn flush_directory(&self) -> Result<(), StoreError> {
        match fsync(&self.store.directory) {
            // Some file systems cannot flush directories.
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

/// The names of the backup and of its checksum.
fn names(store: &Store) -> (OsString, OsString) {
    (store.derived("", ".vmkit-backup"), store.derived("", ".vmkit-backup.sha256"))
}

/// The checksum as a line for `sha256sum --check`.
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

/// Whether the file is a mount of its own, which a rename cannot replace.
fn is_mounted(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::BUSY | Errno::XDEV))
}

#[cfg(target_os = "linux")]
fn is_immutable(current: &Current) -> bool {
    let fixed = rustix::fs::IFlags::IMMUTABLE | rustix::fs::IFlags::APPEND;
    // File systems without these flags fail here.
    rustix::fs::ioctl_getflags(&current.file).is_ok_and(|flags| flags.intersects(fixed))
}

#[cfg(not(target_os = "linux"))]
fn is_immutable(current: &Current) -> bool {
    /// `UF_IMMUTABLE | UF_APPEND | SF_IMMUTABLE | SF_APPEND` of `sys/stat.h`.
    const FIXED: u32 = 0x0006_0006;
    current.stat.st_flags & FIXED != 0
}
