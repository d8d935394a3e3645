//! A machine without a guest, and a QEMU for it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use vmkit_power::{Acceleration, Architecture, Cable, DiskFile, Plan, Rights};

/// The plan of a small machine in this directory.
pub(crate) fn plan(directory: &Path, name: &str) -> Plan {
    Plan {
        name: name.to_owned(),
        directory: directory.to_owned(),
        architecture: Architecture::X86_64,
        acceleration: Acceleration::Tcg,
        firmware: None,
        memory_mb: 64,
        vcpus: 1,
        disk: DiskFile { path: directory.join(format!("{name}.qcow2")), format: "qcow2" },
        seed: None,
        mac: "52:54:00:4b:5e:57".parse().unwrap(),
        cable: Cable::Tap { descriptor: 3 },
        rights: Rights::User,
        sandbox: true,
    }
}

/// Makes the plan's disk.
pub(crate) fn make_disk(plan: &Plan) {
    let mut command = Command::new("qemu-img");
    command.args(["create", "-q", "-f", plan.disk.format]).arg(&plan.disk.path).arg("1M");
    assert!(command.status().unwrap().success());
}

/// A QEMU whose machine's cable leads nowhere: opening a tap takes root's rights.
const QEMU: &str = include_str!("unplugged-qemu.sh");

/// Writes a program into the directory.
pub(crate) fn program(directory: &Path, text: &str) -> PathBuf {
    let path = directory.join("qemu");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

/// A real QEMU.
pub(crate) fn qemu(directory: &Path) -> PathBuf {
    program(directory, QEMU)
}
