//! Files that cannot be replaced or written, by real mounts and attributes.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

mod common;

use std::{
    fs::{self, File},
    path::Path,
};

use common::{FOREIGN, apply, in_a_namespace, names, undo, written};
use rustix::fs::{IFlags, ioctl_setflags};
use vmkit_hosts::{StoreError, WriteMethod};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// The system's error.
fn refusal(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

#[test]
fn writes_a_mounted_file_in_place() {
    let test = "writes_a_mounted_file_in_place";
    let setup = "mkdir outside; cp hosts outside/hosts; mount --bind outside/hosts hosts";
    let Some(directory) = in_a_namespace(test, setup) else { return };
    let hosts = directory.join("hosts");
    assert_eq!(apply(&hosts, "192.168.1.64").unwrap(), Some(WriteMethod::InPlace));
    assert_eq!(read(&directory.join("outside/hosts")), written("192.168.1.64"));
    assert_eq!(read(&directory.join("hosts.vmkit-backup")), FOREIGN);
    // The former file is shorter.
    assert_eq!(undo(&hosts).unwrap(), WriteMethod::InPlace);
    assert_eq!(read(&hosts), FOREIGN);
    assert_eq!(names(&directory), [".hosts.vmkit-lock", "hosts", "outside"]);
}

#[test]
fn a_full_disk_changes_nothing() {
    let setup = "mkdir full; mount -t tmpfs -o size=64k tmpfs full; cp hosts full/hosts
                 dd if=/dev/zero of=full/filler bs=4k 2>/dev/null || true";
    let Some(directory) = in_a_namespace("a_full_disk_changes_nothing", setup) else { return };
    let full = directory.join("full");
    let why = refusal(&apply(&full.join("hosts"), "192.168.1.64").unwrap_err());
    assert!(why.contains("No space left on device"), "{why}");
    assert_eq!(read(&full.join("hosts")), FOREIGN);
    assert_eq!(names(&full), [".hosts.vmkit-lock", "filler", "hosts"]);
}

#[test]
fn a_full_disk_under_a_mounted_file_changes_nothing() {
    let test = "a_full_disk_under_a_mounted_file_changes_nothing";
    // One page is full, and the file system has no other.
    let setup = "mkdir full; mount -t tmpfs -o size=64k tmpfs full
                 yes '0.0.0.0 ads.test' | head -c 4095 > full/hosts; echo >> full/hosts
                 dd if=/dev/zero of=full/filler bs=4k 2>/dev/null || true
                 mount --bind full/hosts hosts";
    let Some(directory) = in_a_namespace(test, setup) else { return };
    let before = read(&directory.join("hosts"));
    let why = refusal(&apply(&directory.join("hosts"), "192.168.1.64").unwrap_err());
    assert!(why.contains("No space left on device"), "{why}");
    assert_eq!(read(&directory.join("hosts")), before);
}

#[test]
fn a_read_only_file_system_changes_nothing() {
    let test = "a_read_only_file_system_changes_nothing";
    let setup = "mkdir fixed; cp hosts fixed/hosts; mount --bind fixed fixed
                 mount -o remount,bind,ro fixed";
    let Some(directory) = in_a_namespace(test, setup) else { return };
    let fixed = directory.join("fixed");
    let why = refusal(&apply(&fixed.join("hosts"), "192.168.1.64").unwrap_err());
    assert!(why.contains("Read-only file system"), "{why}");
    assert_eq!(names(&fixed), ["hosts"]);
}

#[test]
fn a_read_only_mount_changes_nothing() {
    let test = "a_read_only_mount_changes_nothing";
    let setup = "cp hosts fixed; mount --bind fixed hosts; mount -o remount,bind,ro hosts";
    let Some(directory) = in_a_namespace(test, setup) else { return };
    let why = refusal(&apply(&directory.join("hosts"), "192.168.1.64").unwrap_err());
    assert!(why.contains("Read-only file system"), "{why}");
    assert_eq!(read(&directory.join("hosts")), FOREIGN);
}

#[test]
fn does_not_change_an_immutable_file() {
    let setup = "mkdir place; mount -t tmpfs tmpfs place; cp hosts place/hosts";
    let Some(directory) = in_a_namespace("does_not_change_an_immutable_file", setup) else {
        return;
    };
    let place = directory.join("place");
    let hosts = place.join("hosts");
    for flag in [IFlags::IMMUTABLE, IFlags::APPEND] {
        ioctl_setflags(File::open(&hosts).unwrap(), flag).unwrap();
        let error = apply(&hosts, "192.168.1.64").unwrap_err();
        assert!(matches!(error, StoreError::Immutable(_)), "{}", refusal(&error));
        ioctl_setflags(File::open(&hosts).unwrap(), IFlags::empty()).unwrap();
    }
    assert_eq!(names(&place), [".hosts.vmkit-lock", "hosts"]);
    assert_eq!(apply(&hosts, "192.168.1.64").unwrap(), Some(WriteMethod::Replaced));
}

#[test]
fn writes_in_place_if_a_new_file_cannot_have_the_attributes() {
    let test = "writes_in_place_if_a_new_file_cannot_have_the_attributes";
    let setup = "chmod 777 .; chown 0:0 hosts; chmod 666 hosts";
    let Some(directory) = in_a_namespace(test, setup) else { return };
    // `nobody` may write the file and its directory, but cannot give a file to root.
    let nobody = 65_534;
    let status = std::process::Command::new("setpriv")
        .args([format!("--reuid={nobody}"), format!("--regid={nobody}"), "--clear-groups".into()])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "an_unprivileged_child", "--nocapture"])
        .env("VMKIT_HOSTS_TEST_DIRECTORY", &directory)
        .status();
    assert!(status.unwrap().success());
    assert_eq!(read(&directory.join("hosts")), written("192.168.1.64"));
}

/// The child of the test above; does nothing on its own.
#[test]
fn an_unprivileged_child() {
    let Some(directory) = common::passed_directory() else { return };
    let way = apply(&directory.join("hosts"), "192.168.1.64").unwrap();
    assert_eq!(way, Some(WriteMethod::InPlace));
}
