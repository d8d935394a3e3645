//! What the tests of this crate share.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use vmkit_inventory::{Location, Source};
use vmkit_types::Mac;

use crate::{
    DataDirectory, DiskFormat, DiskTools, MachineError, NewMachine, PublicKey, StoredMachine,
    entry::NewEntry, ssh_key::tests::ED25519,
};

/// The location of a data directory in this folder.
pub(crate) fn location(folder: &Path) -> Location {
    Location::at(folder, Source::Flag)
}

/// The entry of a machine with this MAC.
pub(crate) fn entry(mac: Mac) -> NewEntry {
    NewEntry {
        hostname: "guest".to_owned(),
        username: Some("u".to_owned()),
        disk_size: "60G".parse().ok(),
        memory_mb: 1024,
        vcpus: 1,
        os_version: None,
        architecture: "x86_64".to_owned(),
        mac,
        instance_id: Some("iid-guest-1".to_owned()),
        network: None,
        disk: None,
    }
}

/// Makes a machine whose disk has this content after its first bytes.
pub(crate) fn make(
    data: &DataDirectory,
    name: &str,
    content: &[u8],
) -> Result<StoredMachine, MachineError> {
    make_disk(data, name, &[b"QFI\xfb\0\0\0\x03", [0; 24].as_slice(), content].concat())
}

/// Makes a machine with this disk.
pub(crate) fn make_disk(
    data: &DataDirectory,
    name: &str,
    disk: &[u8],
) -> Result<StoredMachine, MachineError> {
    let held = data.hold(name)?;
    data.make(&held, |build| {
        let file = format!("{name}.qcow2");
        let written = build.directory.write_new(&file, disk);
        written.map_err(|error| {
            MachineError::file("write", build.directory.path().join(&file), error)
        })?;
        Ok(entry(data.choose_mac(name, None)?))
    })
}

/// A raw image of a disk of 2 MiB in this folder.
pub(crate) fn image(folder: &Path, name: &str) -> PathBuf {
    let mut disk = vec![0; 2 << 20];
    disk[510..512].copy_from_slice(b"\x55\xaa");
    let path = folder.join(name);
    fs::write(&path, disk).unwrap();
    path
}

/// Writes a disk that is based on a `base.img` beside it, and these bytes behind all that QEMU reads of it.
pub(crate) fn disk(path: &Path, content: &[u8]) {
    let folder = path.parent().unwrap();
    image(folder, "base.img");
    fs::write(path, [overlay(), content].concat()).unwrap();
}

/// What [`disk`] wrote there.
pub(crate) fn content(disk: &Path) -> String {
    String::from_utf8_lossy(&fs::read(disk).unwrap()[overlay().len()..]).into_owned()
}

/// A disk that is based on `base.img`; each test program makes it once.
fn overlay() -> &'static [u8] {
    static OVERLAY: OnceLock<Vec<u8>> = OnceLock::new();
    OVERLAY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        image(folder.path(), "base.img");
        let disk = folder.path().join("disk");
        let (tools, size) = (DiskTools::find().unwrap(), "2M".parse().unwrap());
        tools.create_overlay(&disk, "base.img", DiskFormat::Raw, size).unwrap();
        fs::read(disk).unwrap()
    })
}

/// What a machine is created from.
pub(crate) fn wanted(name: &str, image: &Path) -> NewMachine {
    NewMachine {
        name: name.to_owned(),
        image: image.to_owned(),
        disk_size: "5M".parse().ok(),
        memory_mb: 512,
        vcpus: 1,
        username: None,
        ssh_keys: PublicKey::named(ED25519).unwrap(),
        mac: None,
        network: None,
    }
}

/// The data directory in this folder.
pub(crate) fn open(folder: &Path) -> DataDirectory {
    DataDirectory::open(&location(folder)).unwrap()
}

/// The error with its cause, the folder shortened.
pub(crate) fn said(folder: &Path, error: &MachineError) -> String {
    let source = std::error::Error::source(error).map_or(String::new(), |why| format!(": {why}"));
    format!("{error}{source}").replace(&*folder.to_string_lossy(), "DATA")
}

/// All files of the folder but those of vmkit's own.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() || path.is_file() {
            found.push((path.clone(), fs::read(&path).ok()));
        } else if path.is_dir() && !path.ends_with(".vmkit") {
            found.push((path.clone(), None));
            found.extend(files(&path));
        }
    }
    found.sort();
    found
}
