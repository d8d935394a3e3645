//! Reads a machine with everything validated that it is started with.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use vmkit_files::{Directory, EntryKind};
use vmkit_inventory::{RegistryEntry, derived_mac};
use vmkit_model::{NetworkChoice, StartMode};
use vmkit_types::{Mac, Reading};

use crate::{
    backing::backing_file,
    data_directory::{DataDirectory, check_name, check_own_directory, check_owner_in},
    entry::OwnKeys,
    error::MachineError,
    qcow2::MAGIC,
    registry::Registry,
    stored::{DiskFormat, StoredMachine},
    taken::{MAC_LIMIT, is_plain},
};

/// Memory of a machine whose entry is older than the key.
pub(crate) const MEMORY_MB: u64 = 2048;
/// Processors of a machine whose entry is older than the key.
pub(crate) const VCPUS: u32 = 2;
/// The most memory and processors that QEMU starts on any computer.
const MOST_MEMORY_MB: u64 = 16 << 20;
const MOST_VCPUS: u32 = 4096;

impl DataDirectory {
    /// Reads a machine.
    ///
    /// # Errors
    /// There is no such machine, or something of it cannot be used: a value that no machine can have, a
    /// disk that is no regular file of this user, or one whose base is gone.
    pub fn read(&self, name: &str) -> Result<StoredMachine, MachineError> {
        check_name(name)?;
        let registry = self.registry()?;
        let path = self.directory_in(&registry, name)?;
        let directory = open_machine(name, &path)?;
        let entry = registry.entry(name);
        let keys = registry.entry_text(name).map(OwnKeys::of).unwrap_or_default();
        let (disk, disk_format) = self.disk(name, &directory, &keys)?;
        let seed = format!("{name}-seed.iso");
        let seed = own_file(&directory, &seed)?.then(|| path.join(seed));
        Ok(StoredMachine {
            name: name.to_owned(),
            disk,
            disk_format,
            seed,
            mac: self.mac(name, &directory, entry)?,
            memory_mb: self
                .value(
                    entry.map(|entry| &entry.memory_mb),
                    |mb| *mb <= MOST_MEMORY_MB,
                    "memory_mb",
                )?
                .unwrap_or(MEMORY_MB),
            vcpus: self
                .value(entry.map(|entry| &entry.vcpus), |vcpus| *vcpus <= MOST_VCPUS, "vcpus")?
                .unwrap_or(VCPUS),
            architecture: self.architecture(entry)?,
            network: self.network(name, keys)?,
            directory: path,
        })
    }

    /// The directory of a machine, which need not exist.
    ///
    /// # Errors
    /// There is no such machine.
    pub(crate) fn directory_of(&self, name: &str) -> Result<PathBuf, MachineError> {
        self.directory_in(&self.registry()?, name)
    }

    fn directory_in(&self, registry: &Registry, name: &str) -> Result<PathBuf, MachineError> {
        if !registry.contains(name) {
            let directory = self.base.below(name).ok().flatten();
            let disk = directory.map(|directory| directory.status(&format!("{name}.qcow2")));
            return match disk {
                Some(Ok(Some(_))) => Ok(self.new_directory(name)),
                _ => Err(MachineError::UnknownMachine(name.to_owned())),
            };
        }
        match registry.entry(name).map_or(&Reading::Absent, |entry| &entry.directory) {
            Reading::Absent => Ok(self.new_directory(name)),
            Reading::Known(path) if is_plain(path) => Ok(path.clone()),
            _ => Err(self.invalid(format!("has no absolute path as the directory of `{name}`"))),
        }
    }

    /// The machine's disk: `NAME.qcow2`, or where the registry says.
    fn disk(
        &self,
        name: &str,
        directory: &Directory,
        keys: &OwnKeys,
    ) -> Result<(PathBuf, DiskFormat), MachineError> {
        let Some(disk) = &keys.disk else {
            let file = format!("{name}.qcow2");
            check_disk(name, directory, &file, DiskFormat::Qcow2)?;
            return Ok((directory.path().join(file), DiskFormat::Qcow2));
        };
        let disk = PathBuf::from(disk);
        let format = keys.disk_format.as_deref().and_then(DiskFormat::from_code);
        let place = disk.parent().zip(disk.file_name().and_then(|file| file.to_str()));
        let (Some(format), Some((above, file)), true) = (format, place, is_plain(&disk)) else {
            return Err(self.invalid(format!("has no valid `disk` and `disk_format` of `{name}`")));
        };
        let above =
            Directory::open(above).map_err(|error| MachineError::file("open", above, error))?;
        check_disk(name, &above, file, format)?;
        Ok((disk, format))
    }

    /// The MAC: that of `NAME.mac`, of the registry, or derived from the name, as the toolkit has it.
    fn mac(
        &self,
        name: &str,
        directory: &Directory,
        entry: Option<&RegistryEntry>,
    ) -> Result<Mac, MachineError> {
        if let Some(mac) = mac_in_file(directory, name)? {
            return Ok(mac);
        }
        let mac = self.value(entry.map(|entry| &entry.mac), |_| true, "mac_address")?;
        Ok(mac.unwrap_or_else(|| derived_mac(name)))
    }

    fn architecture(&self, entry: Option<&RegistryEntry>) -> Result<String, MachineError> {
        let known = self.value(entry.map(|entry| &entry.architecture), |_| true, "architecture")?;
        match known.as_deref().unwrap_or(std::env::consts::ARCH) {
            "x86_64" | "amd64" => Ok("x86_64".to_owned()),
            "aarch64" | "arm64" => Ok("aarch64".to_owned()),
            other => {
                Err(self.invalid(format!("has `{other}`, which is no architecture that vm starts")))
            }
        }
    }

    fn network(&self, name: &str, keys: OwnKeys) -> Result<Option<NetworkChoice>, MachineError> {
        let Some(mode) = keys.net_mode else { return Ok(None) };
        let mode = StartMode::from_code(&mode)
            .ok_or_else(|| self.invalid(format!("has an unknown `net_mode` of `{name}`")))?;
        Ok(Some(NetworkChoice { mode, bridge: keys.net_bridge }))
    }

    /// A value of the registry; `None`: it is absent.
    fn value<T: Clone>(
        &self,
        reading: Option<&Reading<T>>,
        is_valid: impl Fn(&T) -> bool,
        key: &str,
    ) -> Result<Option<T>, MachineError> {
        match reading {
            None | Some(Reading::Absent) => Ok(None),
            Some(Reading::Known(value)) if is_valid(value) => Ok(Some(value.clone())),
            Some(_) => Err(self.invalid(format!("has a `{key}` that no VM can have"))),
        }
    }
}

fn open_machine(name: &str, path: &Path) -> Result<Directory, MachineError> {
    let directory = Directory::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            MachineError::DirectoryMissing { name: name.to_owned(), directory: path.to_owned() }
        }
        _ => MachineError::file("open", path, error),
    })?;
    check_own_directory(&directory)?;
    for file in [format!("{name}.pid"), format!("{name}.qmp"), "console.log".to_owned()] {
        // A start as root has left what a start as this user replaces.
        let path = path.join(&file);
        let status = directory.status(&file);
        let status = status.map_err(|error| MachineError::file("look at", &path, error))?;
        status.map_or(Ok(()), |status| check_owner_in(directory.path(), &path, status))?;
    }
    Ok(directory)
}

/// The MAC in a machine's `NAME.mac`; `None`: it is missing or empty.
pub(crate) fn mac_in_file(directory: &Directory, name: &str) -> Result<Option<Mac>, MachineError> {
    let file = format!("{name}.mac");
    let path = directory.path().join(&file);
    let bytes = directory.read(&file, MAC_LIMIT);
    let bytes = bytes.map_err(|error| MachineError::file("read", &path, error))?;
    let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).trim().to_owned();
    if text.is_empty() {
        return Ok(None);
    }
    let mac: Option<Mac> = text.parse().ok().filter(|mac: &Mac| mac.is_of_one_card());
    let why = "holds no MAC that a network card can have".to_owned();
    mac.map(Some).ok_or(MachineError::Unusable { path, why })
}

/// Whether the file is there. It is regular and this user's.
pub(crate) fn own_file(directory: &Directory, name: &str) -> Result<bool, MachineError> {
    let path = directory.path().join(name);
    let status = directory.status(name);
    let status = status.map_err(|error| MachineError::file("look at", &path, error))?;
    let Some(status) = status else { return Ok(false) };
    if status.kind != EntryKind::File {
        return Err(MachineError::Unusable { path, why: "is not a regular file".to_owned() });
    }
    check_owner_in(directory.path(), &path, status)?;
    Ok(true)
}

/// Checks that the disk is a regular file of this user, has the format, and that its base is there.
fn check_disk(
    machine: &str,
    directory: &Directory,
    name: &str,
    format: DiskFormat,
) -> Result<(), MachineError> {
    let path = directory.path().join(name);
    if !own_file(directory, name)? {
        return Err(MachineError::Unusable { path, why: "is missing".to_owned() });
    }
    if format == DiskFormat::Raw {
        return Ok(());
    }
    let failed = |error| MachineError::file("read", &path, error);
    let mut magic = Vec::new();
    if let Some(file) = directory.open_file(name).map_err(failed)? {
        file.take(MAGIC.len() as u64).read_to_end(&mut magic).map_err(failed)?;
    }
    if magic != MAGIC {
        return Err(MachineError::Unusable { path, why: "is not a qcow2 image".to_owned() });
    }
    match backing_file(directory, name).map(|base| directory.path().join(base)) {
        // A base by another protocol than a file's is QEMU's to judge.
        Some(base) if !base.to_string_lossy().contains(':') && !base.exists() => {
            Err(MachineError::BaseMissing { machine: machine.to_owned(), base })
        }
        _ => Ok(()),
    }
}
