//! Takes over machines that are there already: those of the toolkit, and disks in files.
//!
//! They are registered where they are. Nothing of theirs is written before they are started.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use vmkit_files::{Directory, EntryStatus};
use vmkit_inventory::{Location, REGISTRY_LIMIT, RegistryEntry, Source, derived_mac};
use vmkit_types::{Mac, Reading};

use crate::{
    chain::base_of,
    data_directory::{DataDirectory, check_name, check_own_directory, check_owner},
    entry::NewEntry,
    error::MachineError,
    guest::hostname_of,
    image::Image,
    read::{MEMORY_MB, VCPUS, mac_in_file, own_file},
    registry_file::now,
    size::Size,
    stored::{DiskFormat, StoredMachine},
    tools::DiskTools,
};

/// The name of the toolkit's registry in its data directory.
const REGISTRY: &str = ".vm-registry.json";

/// Every user may write.
const EVERYBODY_WRITES: u32 = 0o002;

/// What can be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Importable {
    /// A machine of the toolkit.
    Machine {
        /// Its directory, whose name is the machine's.
        directory: PathBuf,
        /// The data directory whose registry describes it; `None`: none does.
        data_directory: Option<PathBuf>,
    },
    /// A disk in a file.
    Disk(PathBuf),
}

impl Importable {
    /// What is at the path: a disk in a file, a machine's directory, or all machines of a data directory.
    ///
    /// # Errors
    /// The path does not exist, or no machine is there.
    pub fn at(path: &Path) -> Result<Vec<Self>, MachineError> {
        let failed = |error: io::Error| MachineError::file("open", path, error);
        let path = path.canonicalize().map_err(failed)?;
        if !path.metadata().map_err(failed)?.is_dir() {
            return Ok(vec![Self::Disk(path)]);
        }
        if path.join(REGISTRY).exists() || path.join("vms").is_dir() {
            return machines_of(&path);
        }
        let above = path.parent().and_then(Path::parent);
        let data_directory = above.filter(|above| above.join(REGISTRY).exists());
        let data_directory = data_directory.map(Path::to_owned);
        Ok(vec![Self::Machine { directory: path, data_directory }])
    }
}

/// All machines of a data directory.
fn machines_of(data_directory: &Path) -> Result<Vec<Importable>, MachineError> {
    let location = Location::at(data_directory, Source::Flag);
    let names = vmkit_inventory::names(&location);
    if names.is_empty() {
        return Err(unusable(data_directory, "holds no VM of the toolkit"));
    }
    let machine = |name: String| {
        let entry = their_entry(data_directory, &name)?;
        let directory = entry.and_then(|entry| entry.directory.known());
        let directory = directory.unwrap_or_else(|| location.base_directory.join(name));
        Ok(Importable::Machine { directory, data_directory: Some(data_directory.to_owned()) })
    };
    names.into_iter().map(machine).collect()
}

impl DataDirectory {
    /// Takes over a machine of the toolkit with its directory, which keeps its place and its name.
    ///
    /// # Errors
    /// The directory is another user's or holds no machine of its name; the disk needs more than one whole
    /// image; the name, the MAC or the disk is taken.
    pub fn import_machine(
        &self,
        directory: &Path,
        data_directory: Option<&Path>,
    ) -> Result<StoredMachine, MachineError> {
        let failed = |error: io::Error| MachineError::file("open", directory, error);
        let path = directory.canonicalize().map_err(failed)?;
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        check_name(name)?;
        let opened = Directory::open(&path).map_err(failed)?;
        check_own_directory(&opened)?;
        let disk = format!("{name}.qcow2");
        if !own_file(&opened, &disk)? {
            return Err(unusable(&path, &format!("holds no VM of the toolkit: {disk} is missing")));
        }
        base_of(&opened, &disk, DiskFormat::Qcow2)?;
        let entry = data_directory.map(|above| their_entry(above, name)).transpose()?.flatten();
        let entry = entry.filter(|entry| match &entry.directory {
            Reading::Known(recorded) => recorded.canonicalize().is_ok_and(|real| real == path),
            _ => true,
        });
        let registered = entry.as_ref().and_then(|entry| entry.mac.as_ref().known().copied());
        let mac = mac_in_file(&opened, name)?.or(registered).unwrap_or_else(|| derived_mac(name));
        let held = self.hold(name)?;
        self.settle(&held)?;
        self.check_free(name)?;
        self.check_no_disk_of_others(name, &path.join(&disk))?;
        let mac = self.choose_mac(name, Some(mac))?;
        let text = path.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
        let text = their_machine(name, entry.as_ref(), mac).text(name, text, &now());
        self.register(name, &text, mac)?;
        self.read(name).inspect_err(|_| {
            // The first error is the one to report.
            self.unregister(name).ok();
        })
    }

    /// Takes over a disk in a file, which keeps its place and is written once the machine is started.
    ///
    /// # Errors
    /// The file is another user's, is in use, or needs other files; the name, the MAC or the disk is taken, or
    /// the MAC is not known.
    pub fn import_disk(
        &self,
        file: &Path,
        name: &str,
        mac: Option<Mac>,
        tools: &DiskTools,
    ) -> Result<StoredMachine, MachineError> {
        check_name(name)?;
        let failed = |error: io::Error| MachineError::file("open", file, error);
        let path = file.canonicalize().map_err(failed)?;
        if path.to_str().is_none() {
            return Err(failed(io::ErrorKind::InvalidFilename.into()));
        }
        let image = Image::at(&path)?;
        let opened = fs::File::open(&path).map_err(failed)?;
        let status = EntryStatus::of(&opened).map_err(failed)?;
        check_owner(&path, status)?;
        if status.mode & EVERYBODY_WRITES != 0 {
            return Err(MachineError::Open { path, mode: status.mode });
        }
        let mac = mac.ok_or_else(|| MachineError::MacUnknown(path.clone()))?;
        let size = tools.describe(&path, image.format)?.virtual_size;
        self.check_no_disk_of_others(name, &path)?;
        let held = self.hold(name)?;
        self.make(&held, |build| {
            let mac = self.choose_mac(build.name, Some(mac))?;
            let file = format!("{}.mac", build.name);
            let written = build.directory.write_new(&file, format!("{mac}\n").as_bytes());
            written.map_err(|error| {
                MachineError::file("write", build.directory.path().join(&file), error)
            })?;
            Ok(NewEntry {
                os_version: image.system.version.map(str::to_owned),
                disk_size: Size::of_bytes(size),
                architecture: image.architecture.unwrap_or(std::env::consts::ARCH).to_owned(),
                disk: Some((path.clone(), image.format)),
                ..their_machine(build.name, None, mac)
            })
        })
    }
}

/// The entry of a machine that comes with this one in its former registry.
fn their_machine(name: &str, entry: Option<&RegistryEntry>, mac: Mac) -> NewEntry {
    let text = |field: fn(&RegistryEntry) -> &Reading<String>| {
        entry.and_then(|entry| field(entry).as_ref().known().cloned())
    };
    let number = |field: fn(&RegistryEntry) -> &Reading<u64>| {
        entry.and_then(|entry| field(entry).as_ref().known().copied())
    };
    let vcpus = entry.and_then(|entry| entry.vcpus.as_ref().known().copied());
    NewEntry {
        hostname: text(|entry| &entry.hostname).unwrap_or_else(|| hostname_of(name)),
        username: text(|entry| &entry.username),
        disk_size: text(|entry| &entry.disk_size).and_then(|size| size.parse().ok()),
        memory_mb: number(|entry| &entry.memory_mb).unwrap_or(MEMORY_MB),
        vcpus: vcpus.unwrap_or(VCPUS),
        os_version: text(|entry| &entry.os_version),
        architecture: text(|entry| &entry.architecture)
            .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        mac,
        instance_id: text(|entry| &entry.instance),
        network: None,
        disk: None,
    }
}

/// A machine's entry in the registry of another data directory of this user.
fn their_entry(data_directory: &Path, name: &str) -> Result<Option<RegistryEntry>, MachineError> {
    let path = data_directory.join(REGISTRY);
    let failed = |error: io::Error| MachineError::file("read", &path, error);
    let opened = Directory::open(data_directory).map_err(failed)?;
    check_own_directory(&opened)?;
    let Some(bytes) = opened.read(REGISTRY, REGISTRY_LIMIT).map_err(failed)? else {
        return Ok(None);
    };
    let entries = vmkit_inventory::registry_entries(&bytes);
    let mut entries = entries.map_err(|why| unusable(&path, &why))?;
    Ok(entries.remove(name).flatten())
}

fn unusable(path: &Path, why: &str) -> MachineError {
    MachineError::Unusable { path: path.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::trial;

    /// A data directory of the toolkit with one machine, and another one of vmkit.
    fn prepared(folder: &Path) -> (DataDirectory, DiskTools, PathBuf) {
        let data = DataDirectory::open(&trial::location(&folder.join("own"))).unwrap();
        let directory = folder.join("theirs/vms/old");
        fs::create_dir_all(&directory).unwrap();
        trial::disk(&directory.join("old.qcow2"), b"content");
        let registry = format!(
            r#"{{"vms":{{"old":{{"name":"old","directory":{directory:?},"hostname":"old","username":"u",
            "disk_size":"60G","memory_mb":4096,"vcpus":3,"os_version":"ubuntu-noble",
            "mac_address":"52:54:00:00:00:0a","instance_id":"iid-old-1"}}}},"version":"1.0"}}"#
        );
        fs::write(folder.join("theirs/.vm-registry.json"), registry).unwrap();
        (data, DiskTools::find().unwrap(), directory)
    }

    /// Everything below a folder, with contents and times of change.
    fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let changed = path.metadata().unwrap().modified().unwrap();
            if path.is_dir() {
                found.extend(state(&path));
                found.push((path, Vec::new(), changed));
            } else {
                let content = fs::read(&path).unwrap();
                found.push((path, content, changed));
            }
        }
        found.sort();
        found
    }

    #[test]
    fn takes_over_a_machine_of_the_toolkit_and_changes_nothing_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (data, _, directory) = prepared(folder.path());
        let theirs = folder.path().join("theirs");
        let before = state(&theirs);
        let expected = vec![Importable::Machine {
            directory: directory.clone(),
            data_directory: Some(theirs.clone()),
        }];
        assert_eq!(Importable::at(&theirs).unwrap(), expected);
        assert_eq!(Importable::at(&directory).unwrap(), expected);
        let old = data.import_machine(&directory, Some(&theirs)).unwrap();
        assert_eq!(state(&theirs), before);
        assert_eq!((old.memory_mb, old.vcpus, &old.directory), (4096, 3, &directory));
        assert_eq!(old.mac.to_string(), "52:54:00:00:00:0a");
        assert_eq!(data.read("old").unwrap(), old);
        let again = data.import_machine(&directory, Some(&theirs)).unwrap_err();
        assert!(matches!(again, MachineError::NameTaken(_)), "{again}");
        // Its clone is vmkit's own.
        let held = data.hold("old").unwrap();
        let tools = DiskTools::find().unwrap();
        data.duplicate(&held, "new", crate::SourceState::Stopped, &tools).unwrap();
        assert_eq!(state(&theirs), before);
    }

    #[test]
    fn a_machine_that_is_not_proven_is_not_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let (data, _, directory) = prepared(folder.path());
        let refused = |why: &str| {
            let error = data.import_machine(&directory, None).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            assert!(!folder.path().join("own/.vm-registry.json").exists(), "{why}");
        };
        let mode =
            |mode| fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o777);
        refused("everybody can write");
        mode(0o700);
        fs::write(directory.join("old.mac"), "ff:ff:ff:ff:ff:ff").unwrap();
        refused("holds no MAC");
        fs::remove_file(directory.join("old.mac")).unwrap();
        fs::write(directory.join("base.img"), "root:x:0:0").unwrap();
        refused("neither qcow2 nor a raw disk");
        fs::remove_file(directory.join("old.qcow2")).unwrap();
        refused("holds no VM of the toolkit");
    }

    #[test]
    fn takes_over_a_disk_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (data, tools, directory) = prepared(folder.path());
        let disk = folder.path().join("debian-amd64.qcow2");
        tools.create("1G".parse().unwrap(), &disk);
        let mac: Mac = "52:54:00:00:00:0b".parse().unwrap();
        let import = |name: &str, mac| data.import_disk(&disk, name, mac, &tools);
        let error = import("db", None).unwrap_err();
        assert!(matches!(error, MachineError::MacUnknown(_)), "{error}");
        let before = fs::read(&disk).unwrap();
        let db = import("db", Some(mac)).unwrap();
        assert_eq!(
            (db.disk.clone(), db.disk_format, db.mac),
            (disk.clone(), DiskFormat::Qcow2, mac)
        );
        assert_eq!(data.read("db").unwrap(), db);
        assert_eq!(fs::read(&disk).unwrap(), before);
        let second: Mac = "52:54:00:00:00:0c".parse().unwrap();
        let error = import("db2", Some(second)).unwrap_err();
        assert!(matches!(error, MachineError::DiskTaken { .. }), "{error}");
        data.import_machine(&directory, None).unwrap();
        for file in ["old.qcow2", "base.img"] {
            let error = data.import_disk(&directory.join(file), "x", Some(second), &tools);
            assert!(error.is_err(), "{file}");
        }
        let held = data.hold("db").unwrap();
        data.destroy(&held).unwrap();
        assert_eq!(fs::read(&disk).unwrap(), before, "the file is the user's");
    }
}
