//! MACs that machines have, and images that their disks are based on.

use std::{
    ffi::OsStr,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

use vmkit_files::Directory;
use vmkit_inventory::derived_mac;
use vmkit_types::{Mac, Reading};

use crate::{
    backing::backing_file, data_directory::DataDirectory, entry::OwnKeys, error::MachineError,
    journal::ENTRIES_LIMIT, registry::Registry,
};

/// Largest `NAME.mac` that is read.
pub(crate) const MAC_LIMIT: u64 = 64;

/// How many MACs are tried that are derived from a name. The second one is taken once in 16 million.
const DERIVED: u32 = 1000;

impl DataDirectory {
    /// The MAC of a new machine: the wanted one, or the one that the toolkit derives from its name, or
    /// another one where another machine has that.
    ///
    /// # Errors
    /// The wanted one is no MAC of a card, or another machine has it.
    pub(crate) fn choose_mac(&self, name: &str, wanted: Option<Mac>) -> Result<Mac, MachineError> {
        let taken = self.taken_macs(name)?;
        let owner = |mac: Mac| taken.iter().find(|(other, _)| *other == mac).map(|(_, name)| name);
        if let Some(mac) = wanted {
            return match owner(mac) {
                _ if !mac.is_of_one_card() => Err(MachineError::InvalidMac(mac)),
                Some(machine) => Err(MachineError::MacTaken { mac, machine: machine.clone() }),
                None => Ok(mac),
            };
        }
        let first = derived_mac(name);
        // No name has a slash, so that no other machine's own MAC is among these.
        let others = (2..DERIVED).map(|number| derived_mac(&format!("{name}/{number}")));
        let free = std::iter::once(first).chain(others).find(|mac| owner(*mac).is_none());
        free.ok_or_else(|| MachineError::MacTaken { mac: first, machine: name.to_owned() })
    }

    /// The MACs of all other machines.
    fn taken_macs(&self, name: &str) -> Result<Vec<(Mac, String)>, MachineError> {
        let registry = self.registry()?;
        let mut taken = Vec::new();
        for other in self.others(name) {
            let entry = registry.entry(&other).map(|entry| &entry.mac);
            let registered = entry.and_then(|mac| mac.as_ref().known().copied());
            let directory = Directory::open(&self.likely_directory(&registry, &other)).ok();
            let in_file = directory.and_then(|directory| recorded_mac(&directory, &other));
            let derived = registered.or(in_file).is_none().then(|| derived_mac(&other));
            let macs = [registered, in_file, derived].into_iter().flatten();
            taken.extend(macs.map(|mac| (mac, other.clone())));
        }
        Ok(taken)
    }

    /// Checks that no disk of another machine is based on a file in this directory.
    pub(crate) fn check_no_base_of_others(
        &self,
        name: &str,
        directory: &Path,
    ) -> Result<(), MachineError> {
        let registry = self.registry()?;
        let real = real(directory);
        for other in self.others(name) {
            let elsewhere = elsewhere(&registry, &other);
            if elsewhere.is_some_and(|disk| is_in(&real, &disk)) {
                let (machine, user) = (name.to_owned(), other);
                return Err(MachineError::BaseInUse { machine, user });
            }
            let path = self.likely_directory(&registry, &other);
            let Ok(opened) = Directory::open(&path) else { continue };
            let names = opened.names(ENTRIES_LIMIT);
            for file in names.map_err(|error| MachineError::file("list", &path, error))?.0 {
                let base = backing_file(&opened, &file).map(|base| path.join(base));
                if base.is_some_and(|base| self::real(&base).starts_with(&real)) {
                    let (machine, user) = (name.to_owned(), other);
                    return Err(MachineError::BaseInUse { machine, user });
                }
            }
        }
        Ok(())
    }

    /// The disk of a machine that is not in its directory.
    pub(crate) fn disk_elsewhere(&self, name: &str) -> Result<Option<PathBuf>, MachineError> {
        Ok(elsewhere(&self.registry()?, name))
    }

    /// Checks that the file is neither the disk of another machine nor what one is based on.
    pub(crate) fn check_no_disk_of_others(
        &self,
        name: &str,
        file: &Path,
    ) -> Result<(), MachineError> {
        let identity =
            |path: &Path| path.metadata().ok().map(|status| (status.dev(), status.ino()));
        let own = identity(file);
        for machine in self.others(name) {
            let Ok(other) = self.read(&machine) else { continue };
            let above = other.disk.parent().unwrap_or(Path::new("/"));
            let directory = Directory::open(above).ok();
            let disk = other.disk.file_name().and_then(OsStr::to_str);
            let base = directory.zip(disk).and_then(|(above, disk)| backing_file(&above, disk));
            let base = base.map(|base| above.join(base));
            if [Some(&other.disk), base.as_ref()]
                .into_iter()
                .flatten()
                .any(|it| identity(it) == own)
            {
                return Err(MachineError::DiskTaken { disk: file.to_owned(), machine });
            }
        }
        Ok(())
    }

    fn others(&self, name: &str) -> impl Iterator<Item = String> {
        vmkit_inventory::names(&self.location).into_iter().filter(move |other| other != name)
    }

    /// The directory of another machine, which nothing is written to.
    fn likely_directory(&self, registry: &Registry, name: &str) -> PathBuf {
        let entry = registry.entry(name).map(|entry| &entry.directory);
        match entry {
            Some(Reading::Known(path)) if is_plain(path) => path.clone(),
            _ => self.new_directory(name),
        }
    }
}

fn elsewhere(registry: &Registry, name: &str) -> Option<PathBuf> {
    registry.entry_text(name).map(OwnKeys::of)?.disk.map(PathBuf::from)
}

/// Whether a disk, or the image that it is based on, is in this directory.
fn is_in(directory: &Path, disk: &Path) -> bool {
    let place = disk.parent().zip(disk.file_name().and_then(|name| name.to_str()));
    let opened = place.and_then(|(above, name)| Some((Directory::open(above).ok()?, above, name)));
    let base = opened
        .and_then(|(opened, above, name)| backing_file(&opened, name).map(|base| above.join(base)));
    [Some(disk.to_owned()), base]
        .into_iter()
        .flatten()
        .any(|path| real(&path).starts_with(directory))
}

/// Whether the path is absolute and leads only down.
pub(crate) fn is_plain(path: &Path) -> bool {
    path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
}

/// The MAC in a machine's `NAME.mac`, if a card can have it.
fn recorded_mac(directory: &Directory, name: &str) -> Option<Mac> {
    let bytes = directory.read(&format!("{name}.mac"), MAC_LIMIT).ok()??;
    let mac: Mac = String::from_utf8_lossy(&bytes).trim().parse().ok()?;
    Some(mac).filter(|mac| mac.is_of_one_card())
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let real = |path: &Path| path.canonicalize().ok();
    let above = || Some(real(path.parent()?)?.join(path.file_name()?));
    real(path).or_else(above).unwrap_or_else(|| path.to_owned())
}
