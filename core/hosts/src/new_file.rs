//! A temporary file that replaces another file in its directory, or is removed.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    hash::{BuildHasher as _, RandomState},
    io::{self, Write as _},
};

use rustix::{
    fs::{AtFlags, Dir, Mode, OFlags, openat, renameat, unlinkat},
    io::Errno,
};

use crate::{
    attributes,
    store::{Current, Store, UNFOLLOWED},
};

/// Attempts to find a free name. A random name is taken by accident once in 2^64.
const ATTEMPTS: usize = 4;

/// Stands between the hosts file's name and the random part.
const INFIX: &str = ".vmkit-new-";

/// A temporary file, removed on drop unless it has replaced another.
pub(crate) struct NewFile<'a> {
    store: &'a Store,
    name: Option<OsString>,
    pub(crate) file: File,
}

impl<'a> NewFile<'a> {
    /// Writes these bytes with the attributes of the original, and flushes them to the disk.
    pub(crate) fn write(store: &'a Store, like: &Current, bytes: &[u8]) -> Result<Self, Unwritten> {
        let new = Self::create(store, (0..ATTEMPTS).map(|_| random_name(store)));
        let new = new.map_err(Unwritten::System)?;
        (&new.file).write_all(bytes).map_err(Unwritten::System)?;
        attributes::copy(&like.file, &new.file).map_err(|_| Unwritten::Attributes)?;
        new.file.sync_all().map_err(Unwritten::System)?;
        Ok(new)
    }

    /// Writes these bytes with the attributes of a new file.
    pub(crate) fn plain(store: &'a Store, bytes: &[u8]) -> io::Result<Self> {
        let new = Self::create(store, (0..ATTEMPTS).map(|_| random_name(store)))?;
        (&new.file).write_all(bytes)?;
        new.file.sync_all()?;
        Ok(new)
    }

    fn create(store: &'a Store, names: impl Iterator<Item = OsString>) -> io::Result<Self> {
        // Fail if anything has this name, a link included.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | UNFOLLOWED;
        for name in names {
            match openat(&store.directory, &name, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => return Ok(Self { store, name: Some(name), file: file.into() }),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::EXIST.into())
    }

    /// Replaces the file of this name atomically.
    pub(crate) fn replace(mut self, of: &OsStr) -> io::Result<()> {
        let Some(name) = self.name.take() else { return Ok(()) };
        let renamed = renameat(&self.store.directory, &name, &self.store.directory, of);
        if renamed.is_err() {
            self.name = Some(name);
        }
        Ok(renamed?)
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            unlinkat(&self.store.directory, name, AtFlags::empty()).ok();
        }
    }
}

/// Why the file was not written.
pub(crate) enum Unwritten {
    /// The attributes of the original could not be set.
    Attributes,
    System(io::Error),
}

fn random_name(store: &Store) -> OsString {
    // The standard library seeds this from the system's random numbers, so no crate is needed.
    let random = RandomState::new().hash_one(std::process::id());
    store.derived(".", &format!("{INFIX}{random:016x}"))
}

/// Removes the temporary files of killed runs. The caller must hold the lock.
pub(crate) fn remove_leftovers(store: &Store) {
    let prefix = store.derived(".", INFIX);
    let Ok(entries) = Dir::read_from(&store.directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_bytes().starts_with(prefix.as_encoded_bytes()) {
            unlinkat(&store.directory, name, AtFlags::empty()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn keeps_and_ignores_files_planted_at_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("precious"), "kept").unwrap();
        symlink(at("precious"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        let store = Store::at(&at("hosts")).unwrap();
        let names = || ["link", "precious", "dangling"].map(OsString::from).into_iter();
        assert!(NewFile::create(&store, names()).is_err());
        let free = NewFile::create(&store, names().chain(["free".into()])).unwrap();
        (&free.file).write_all(b"new").unwrap();
        free.replace(OsStr::new("link")).unwrap();
        assert_eq!(fs::read_to_string(at("link")).unwrap(), "new");
        assert_eq!(fs::read_to_string(at("precious")).unwrap(), "kept");
        assert!(!at("nowhere").exists() && !at("free").exists());
    }

    #[test]
    fn random_names_differ() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(&directory.path().join("hosts")).unwrap();
        let names: std::collections::HashSet<_> = (0..1000).map(|_| random_name(&store)).collect();
        assert_eq!(names.len(), 1000);
    }
}
