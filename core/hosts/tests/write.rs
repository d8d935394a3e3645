//! Writes that keep the file's attributes and can be undone.
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

mod common;

use std::{
    ffi::CStr,
    fs::{self, File},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::Path,
};

use common::{FOREIGN, apply, directory, names, undo, written};
use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
use vmkit_hosts::{Store, StoreError, WriteMethod};

#[test]
fn a_change_has_a_backup_and_can_be_undone_once() {
    let directory = directory();
    let hosts = directory.path().join("hosts");
    assert_eq!(apply(&hosts, "192.168.1.64").unwrap(), Some(WriteMethod::Replaced));
    assert_eq!(fs::read_to_string(&hosts).unwrap(), written("192.168.1.64"));
    let belonging = [".hosts.vmkit-lock", "hosts", "hosts.vmkit-backup"];
    let belonging = [&belonging[..], &["hosts.vmkit-backup.sha256"]].concat();
    assert_eq!(names(directory.path()), belonging);
    assert_eq!(fs::read_to_string(directory.path().join(belonging[2])).unwrap(), FOREIGN);

    let inode = hosts.metadata().unwrap().ino();
    assert_eq!(apply(&hosts, "192.168.1.64").unwrap(), None, "a second run changes nothing");
    assert_eq!(hosts.metadata().unwrap().ino(), inode);

    assert_eq!(undo(&hosts).unwrap(), WriteMethod::Replaced);
    assert_eq!(fs::read_to_string(&hosts).unwrap(), FOREIGN);
    assert_eq!(names(directory.path()), belonging[..2]);
    assert!(matches!(undo(&hosts), Err(StoreError::NothingToUndo(_))));
}

#[test]
fn does_not_undo_a_change_by_others() {
    let directory = directory();
    let hosts = directory.path().join("hosts");
    apply(&hosts, "192.168.1.64").unwrap();
    let theirs = format!("{}10.0.0.1 theirs\n", written("192.168.1.64"));
    fs::write(&hosts, &theirs).unwrap();
    assert!(matches!(undo(&hosts), Err(StoreError::ChangedSince(..))));
    assert_eq!(fs::read_to_string(&hosts).unwrap(), theirs);
}

#[test]
fn keeps_a_change_made_between_reading_and_writing() {
    let directory = directory();
    let hosts = directory.path().join("hosts");
    let store = Store::at(&hosts).unwrap();
    let writer = store.lock().unwrap();
    let current = store.read().unwrap();
    fs::write(&hosts, "10.0.0.1 theirs\n").unwrap();
    assert!(matches!(writer.write(&current, b"ours"), Err(StoreError::Changed(_))));
    assert_eq!(fs::read_to_string(&hosts).unwrap(), "10.0.0.1 theirs\n");
}

/// An access list as Linux stores it: version 2, then tag, rights and id of each entry. The owner and
/// user 4242 may write.
#[cfg(target_os = "linux")]
const ACCESS_LIST: [u8; 44] = [
    2, 0, 0, 0, //
    0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, //
    0x02, 0, 6, 0, 0x92, 0x10, 0, 0, //
    0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, //
    0x10, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, //
    0x20, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
];

fn attribute(path: &Path, name: &CStr) -> Vec<u8> {
    let mut value = vec![0; 256];
    let length = fgetxattr(File::open(path).unwrap(), name, &mut value[..]).unwrap();
    value.truncate(length);
    value
}

#[test]
fn keeps_mode_owner_access_list_and_attributes() {
    let directory = directory();
    let hosts = directory.path().join("hosts");
    fs::set_permissions(&hosts, fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        chown(&hosts, Some(4711), Some(4712)).unwrap();
    }
    let mut attributes: Vec<(&CStr, &[u8])> = vec![(c"user.vmkit", b"kept")];
    #[cfg(target_os = "linux")]
    attributes.push((c"system.posix_acl_access", &ACCESS_LIST));
    if cfg!(target_os = "linux") && root {
        attributes.push((c"security.selinux", b"system_u:object_r:net_conf_t:s0\0"));
    }
    for (name, value) in &attributes {
        let file = File::open(&hosts).unwrap();
        fsetxattr(&file, *name, value, XattrFlags::empty()).unwrap();
    }
    let before = hosts.metadata().unwrap();
    assert_eq!(apply(&hosts, "192.168.1.64").unwrap(), Some(WriteMethod::Replaced));
    for path in [&hosts, &directory.path().join("hosts.vmkit-backup")] {
        let after = path.metadata().unwrap();
        let of = |data: &fs::Metadata| (data.mode(), data.uid(), data.gid());
        assert_eq!(of(&after), of(&before), "{}", path.display());
        for (name, value) in &attributes {
            assert_eq!(attribute(path, name), *value, "{name:?} of {}", path.display());
        }
    }
    assert_ne!(hosts.metadata().unwrap().ino(), before.ino());
}

#[test]
fn follows_no_link_at_the_path() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    symlink("hosts", at("linked")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    assert!(matches!(apply(&at("linked"), "192.168.1.64"), Err(StoreError::Link(_))));
    for name in ["folder", "fifo"] {
        assert!(matches!(apply(&at(name), "192.168.1.64"), Err(StoreError::NotRegular(_))));
    }
    let lacking = apply(&at("lacking"), "192.168.1.64").unwrap_err();
    assert!(matches!(&lacking, StoreError::System { operation: "open", .. }), "{lacking}");
    assert!(matches!(apply(Path::new("/"), "192.168.1.64"), Err(StoreError::NotAFile(_))));
    assert_eq!(fs::read_to_string(at("hosts")).unwrap(), FOREIGN);

    // Links to directories are followed, such as /etc on macOS.
    let linked = tempfile::tempdir().unwrap();
    symlink(directory.path(), linked.path().join("etc")).unwrap();
    apply(&linked.path().join("etc/hosts"), "192.168.1.64").unwrap();
    assert_eq!(fs::read_to_string(at("hosts")).unwrap(), written("192.168.1.64"));
}

#[test]
fn follows_no_links_at_the_names_of_its_other_files() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("precious"), "kept").unwrap();
    for name in ["hosts.vmkit-backup", "hosts.vmkit-backup.sha256", ".hosts.vmkit-new-0"] {
        symlink("precious", at(name)).unwrap();
    }
    apply(&at("hosts"), "192.168.1.64").unwrap();
    assert_eq!(fs::read_to_string(at("precious")).unwrap(), "kept");
    assert_eq!(fs::read_to_string(at("hosts.vmkit-backup")).unwrap(), FOREIGN);
    assert!(!at(".hosts.vmkit-new-0").is_symlink());

    fs::remove_file(at(".hosts.vmkit-lock")).unwrap();
    symlink("precious", at(".hosts.vmkit-lock")).unwrap();
    assert!(matches!(apply(&at("hosts"), "192.168.1.65"), Err(StoreError::Link(_))));
    assert_eq!(fs::read_to_string(at("precious")).unwrap(), "kept");
}

/// Another user of this computer. The test runs as root, which may give files to them.
const EVE: u32 = 41_666;

#[test]
fn keeps_the_owner_of_a_file_that_is_a_hard_link_at_the_name_of_its_lock() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    chown(directory.path(), Some(EVE), Some(EVE)).unwrap();
    fs::write(at("precious"), "kept").unwrap();
    fs::hard_link(at("precious"), at(".hosts.vmkit-lock")).unwrap();
    let refused = apply(&at("hosts"), "192.168.1.64");
    assert!(matches!(refused, Err(StoreError::HardLink(_))), "{refused:?}");
    assert_eq!(fs::metadata(at("precious")).unwrap().uid(), 0);
    assert_eq!(fs::read_to_string(at("hosts")).unwrap(), FOREIGN);
}

#[test]
fn gives_no_file_of_its_own_to_the_owner_of_the_directory() {
    let directory = directory();
    chown(directory.path(), Some(EVE), Some(EVE)).unwrap();
    apply(&directory.path().join("hosts"), "192.168.1.64").unwrap();
    let lock = directory.path().join(".hosts.vmkit-lock");
    assert_eq!(fs::metadata(lock).unwrap().uid(), 0);
}

#[test]
fn uses_no_lock_that_another_user_planted() {
    let directory = directory();
    let lock = directory.path().join(".hosts.vmkit-lock");
    fs::write(&lock, "").unwrap();
    chown(&lock, Some(EVE), Some(EVE)).unwrap();
    let refused = apply(&directory.path().join("hosts"), "192.168.1.64");
    assert!(matches!(refused, Err(StoreError::Foreign { owner: EVE, .. })), "{refused:?}");
    fs::remove_file(&lock).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
    let refused = apply(&directory.path().join("hosts"), "192.168.1.64");
    assert!(matches!(refused, Err(StoreError::NotRegular(_))), "{refused:?}");
}

#[test]
fn restores_no_backup_that_another_user_planted() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    apply(&at("hosts"), "192.168.1.64").unwrap();
    for name in ["hosts.vmkit-backup", "hosts.vmkit-backup.sha256"] {
        chown(at(name), Some(EVE), Some(EVE)).unwrap();
        let refused = undo(&at("hosts"));
        assert!(matches!(refused, Err(StoreError::Foreign { owner: EVE, .. })), "{refused:?}");
        chown(at(name), Some(0), Some(0)).unwrap();
    }
    assert_eq!(fs::read_to_string(at("hosts")).unwrap(), written("192.168.1.64"));
    undo(&at("hosts")).unwrap();
}

#[test]
fn writes_a_file_of_100_mib() {
    let directory = directory();
    let hosts = directory.path().join("hosts");
    let line = b"0.0.0.0 advertisements.example tracker.example\n";
    let large = line.repeat((100 << 20) / line.len());
    fs::write(&hosts, &large).unwrap();
    assert_eq!(apply(&hosts, "192.168.1.64").unwrap(), Some(WriteMethod::Replaced));
    let found = fs::read(&hosts).unwrap();
    assert!(found.starts_with(&large) && found.ends_with(b"# END vmkit\n"));
    assert_eq!(undo(&hosts).unwrap(), WriteMethod::Replaced);
    assert!(fs::read(&hosts).unwrap() == large);
}
