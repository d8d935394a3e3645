//! A real QEMU as `vm start` starts it is proven to be its machine's, and answers.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod support;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    time::Duration,
};

use support::{Data, of};
use vmkit_inventory::{Depth, read};
use vmkit_model::Power;
use vmkit_power::{
    Acceleration, Architecture, Cable, DiskFile, Patience, Plan, Rights, Running, start, stop,
};
use vmkit_types::Reading;

/// A QEMU whose machine's cable leads nowhere: opening a tap takes root's rights.
const QEMU: &str = include_str!("../../power/tests/support/unplugged-qemu.sh");

/// A machine without a guest, which hears no power button.
const AT_ONCE: Patience = Patience {
    power_down: Duration::ZERO,
    quit: Duration::from_mins(1),
    kill: Duration::from_mins(1),
};

fn plan(directory: &Path, name: &str) -> Plan {
    let disk = directory.join(format!("{name}.qcow2"));
    let mut make = Command::new("qemu-img");
    make.args(["create", "-q", "-f", "qcow2"]).arg(&disk).arg("1M");
    assert!(make.status().unwrap().success());
    Plan {
        name: name.to_owned(),
        directory: directory.to_owned(),
        architecture: Architecture::X86_64,
        acceleration: Acceleration::Tcg,
        firmware: None,
        memory_mb: 64,
        vcpus: 1,
        disk: DiskFile { path: disk, format: "qcow2" },
        seed: None,
        mac: "52:54:00:4b:5e:57".parse().unwrap(),
        cable: Cable::Tap { descriptor: 3 },
        rights: Rights::User,
        sandbox: true,
    }
}

#[test]
fn a_started_machine_is_proven_and_answers_whatever_its_name() {
    let data = Data::new();
    let qemu = data.path("qemu");
    fs::write(&qemu, QEMU).unwrap();
    fs::set_permissions(&qemu, Permissions::from_mode(0o755)).unwrap();
    // The paths of the second one's sockets have no room in a socket's address.
    for name in ["web", &"n".repeat(50)] {
        let started = start(&qemu, &plan(&data.machine(name), name), &[]).unwrap();
        let inventory = read(&data.location(), &vmkit_platform::current(), None, Depth::WithQmp);
        let machine = of(&inventory, name);
        assert_eq!(machine.pid, Some(started.running.pid()), "{:?}", inventory.problems);
        assert_eq!(machine.power, Power::Running);
        assert!(matches!(&machine.qmp, Reading::Known(status) if status.running), "{machine:?}");
        assert!(machine.console_log.is_some());
        assert_eq!(machine.guest_agent, None, "QEMU says that nobody listens");
        let unasked =
            read(&data.location(), &vmkit_platform::current(), None, Depth::ProcessesOnly);
        assert_eq!(of(&unasked, name).guest_agent.is_some(), name == "web");
        stop(&Running::of(machine, None).unwrap(), &AT_ONCE, &mut |_, _| {}).unwrap();
    }
}
