//! What is destroyed, and what stays.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    DiskFormat, MachineError,
    entry::NewEntry,
    trial::{self, open, said},
};

#[test]
fn only_a_directory_that_is_the_machines_own_is_removed() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data");
    let data = open(&folder);
    trial::make(&data, "web", b"disk").unwrap();
    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("ann");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("letter"), "kept").unwrap();
    let registry = folder.join(".vm-registry.json");
    let text = fs::read_to_string(&registry).unwrap();
    let usual = folder.join("vms/web");
    // A folder that happens to be called like the machine.
    let project = home.join("web");
    fs::create_dir(&project).unwrap();
    let table = [
        (project, "nothing shows that it is the directory of `web`"),
        (home.clone(), "nothing shows that it is the directory of `web`"),
        (folder.clone(), "the data directory is in it"),
        (folder.join("vms"), "the data directory is in it"),
        (PathBuf::from("/"), "cannot open /"),
        (folder.join("vms/../vms/web"), "has no absolute path as the directory"),
        (PathBuf::from("vms/web"), "has no absolute path as the directory"),
    ];
    for (directory, expected) in table {
        let named = |path: &Path| format!("\"directory\": {path:?}");
        assert!(text.contains(&named(&usual)), "{text}");
        fs::write(&registry, text.replace(&named(&usual), &named(&directory))).unwrap();
        let held = data.hold("web").unwrap();
        let error = said(&folder, &data.destroy(&held).unwrap_err());
        assert!(error.contains(expected), "{error}");
        assert!(usual.join("web.qcow2").exists() && home.join("letter").exists());
    }
}

#[test]
fn the_base_of_another_disk_stays_and_a_missing_one_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let data = open(folder.path());
    trial::make(&data, "web", b"disk").unwrap();
    let mut disk = b"QFI\xfb\0\0\0\x03".to_vec();
    let base = folder.path().join("vms/copy/../web/web.qcow2");
    let base = base.to_str().unwrap().as_bytes();
    disk.extend(32_u64.to_be_bytes());
    disk.extend(u32::try_from(base.len()).unwrap().to_be_bytes());
    disk.resize(32, 0);
    disk.extend(base);
    trial::make_disk(&data, "copy", &disk).unwrap();
    let held = data.hold("web").unwrap();
    let error = data.destroy(&held).unwrap_err();
    assert_eq!(error.to_string(), "the disk of `copy` is based on a file of `web`");
    assert_eq!(error.hint().unwrap(), "remove that VM first: vm destroy copy");
    fs::remove_file(folder.path().join("vms/web/web.qcow2")).unwrap();
    let error = data.read("copy").unwrap_err();
    assert!(matches!(&error, MachineError::BaseMissing { .. }), "{error}");
    drop(held);
    data.destroy(&data.hold("copy").unwrap()).unwrap();
    data.destroy(&data.hold("web").unwrap()).unwrap();
}

#[test]
fn a_registry_that_breaks_while_a_machine_is_destroyed_leaves_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let data = open(folder.path());
    trial::make(&data, "web", b"disk").unwrap();
    let registry = folder.path().join(".vm-registry.json");
    let text = fs::read(&registry).unwrap();
    let broken = registry.clone();
    let data = data.observed(move |step| {
        if step == "give the directory a hidden name" {
            fs::write(&broken, "{").unwrap();
        }
    });
    let error = data.destroy(&data.hold("web").unwrap()).unwrap_err();
    assert!(matches!(error, MachineError::InvalidRegistry { .. }), "{error}");
    fs::write(registry, text).unwrap();
    data.read("web").unwrap();
    assert!(data.repair().unwrap().is_empty());
}

#[test]
fn a_disk_elsewhere_stays_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = open(folder.path());
    trial::make(&data, "web", b"disk").unwrap();
    let disk = folder.path().join("vms/db.img");
    fs::write(&disk, "raw").unwrap();
    let held = data.hold("db").unwrap();
    let db = data
        .make(&held, |_| {
            let entry = trial::entry(data.choose_mac("db", None)?);
            Ok(NewEntry { disk: Some((disk.clone(), DiskFormat::Raw)), ..entry })
        })
        .unwrap();
    assert_eq!((db.disk, db.disk_format), (disk.clone(), DiskFormat::Raw));
    let destroyed = data.destroy(&held).unwrap();
    assert_eq!(destroyed.kept_disk, Some(disk.clone()));
    assert_eq!(fs::read(disk).unwrap(), b"raw");
}
