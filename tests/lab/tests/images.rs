//! The lab's disk images without `vm`.
#![cfg(target_os = "linux")]

use std::{fs, path::Path, process::Command};

use vmkit_lab::{Image, LabError, PATIENCE, Process, or_skip, run, wait_until};

#[test]
fn the_small_image_boots_from_its_disk() {
    let Some(image) = or_skip(Image::Small.path()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (disk, console) = (folder.join("disk.qcow2"), folder.join("console.log"));
    let mut overlay = Command::new("qemu-img");
    overlay.args(["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"]);
    run(overlay.arg(&image).arg(&disk)).expect("a disk");
    let mut qemu = qemu(&disk, &console);
    let _qemu = Process::start(&mut qemu, &folder.join("qemu.log")).expect("a QEMU");
    wait_until(PATIENCE, "a login prompt on the console", || {
        Ok(fs::read_to_string(&console).unwrap_or_default().contains("unseeded login:"))
    })
    .expect("a boot");
}

fn qemu(disk: &Path, console: &Path) -> Command {
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(["-accel", "tcg", "-machine", "q35", "-cpu", "max", "-m", "256"]);
    qemu.args(["-nodefaults", "-display", "none"]);
    qemu.args(["-drive", &format!("file={},if=virtio,format=qcow2", disk.display())]);
    qemu.args(["-netdev", "user,id=n0,restrict=on", "-device", "virtio-net-pci,netdev=n0"]);
    qemu.args(["-serial", &format!("file:{}", console.display())]);
    qemu
}

#[test]
fn an_image_is_made_once() {
    let Some(image) = or_skip(Image::Small.path()) else { return };
    let made = |path: &Path| fs::metadata(path).and_then(|about| about.modified());
    let first = made(&image).expect("a time");
    let again: Result<_, LabError> = Image::Small.path();
    assert_eq!(again.expect("an image"), image);
    assert_eq!(made(&image).expect("a time"), first);
}
