//! QEMU's command lines: as they are written, and as the inventory reads them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[allow(dead_code, reason = "the tests of a real QEMU use the rest")]
mod support;

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use support::plan;
use vmkit_power::{Acceleration, Architecture, Cable, Plan, ProcessFiles, Rights, Root, arguments};
use vmkit_qemu::CommandLine;
use vmkit_types::{NetworkMode, Reading};

fn on_linux() -> Plan {
    let mut plan = plan(Path::new("/home/ann/vm-toolkit-data/vms/web"), "web");
    plan.acceleration = Acceleration::Kvm;
    plan.memory_mb = 2048;
    plan.vcpus = 2;
    plan.seed = Some(plan.directory.join("web-seed.iso"));
    plan
}

fn on_a_mac(architecture: Architecture, cable: Cable) -> Plan {
    let mut plan = plan(Path::new("/Users/ann/vm-toolkit-data/vms/web"), "web");
    let share = "/opt/homebrew/share/qemu/edk2-aarch64-code.fd";
    plan.firmware = (architecture == Architecture::Aarch64).then(|| PathBuf::from(share));
    plan.architecture = architecture;
    plan.acceleration = Acceleration::Hvf;
    plan.memory_mb = 4096;
    plan.vcpus = 4;
    plan.seed = Some(plan.directory.join("web-seed.iso"));
    plan.cable = cable;
    let root = Root { sudo: "/usr/bin/sudo".into(), user: 501, group: 20 };
    plan.rights = Rights::RootUntilRunning(root);
    plan.sandbox = false;
    plan
}

/// Each option on a line with its value.
fn lines(arguments: &[OsString]) -> String {
    let mut lines = String::new();
    for argument in arguments {
        let argument = argument.to_str().unwrap();
        lines.push_str(match argument.starts_with('-') {
            true if lines.is_empty() => "",
            true => "\n",
            false => " ",
        });
        lines.push_str(argument);
    }
    lines + "\n"
}

#[test]
fn writes_the_command_lines_of_linux_and_macos() {
    let bridged = || Cable::VmnetBridged { interface: "en0".to_owned() };
    let mut emulated = on_linux();
    emulated.acceleration = Acceleration::Tcg;
    emulated.seed = None;
    emulated.sandbox = false;
    let mut arm = on_linux();
    arm.architecture = Architecture::Aarch64;
    arm.firmware = Some("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd".into());
    arm.vcpus = 12;
    let rows = [
        ("linux-kvm", on_linux()),
        ("linux-tcg", emulated),
        ("linux-aarch64", arm),
        ("macos-arm64-bridged", on_a_mac(Architecture::Aarch64, bridged())),
        ("macos-arm64-shared", on_a_mac(Architecture::Aarch64, Cable::VmnetShared)),
        ("macos-intel-bridged", on_a_mac(Architecture::X86_64, bridged())),
    ];
    for (name, plan) in rows {
        let found = lines(&arguments(&plan));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&path).unwrap(), "{}", path.display());
    }
}

/// The command line as the inventory sees it.
fn read_back(plan: &Plan) -> CommandLine {
    let program = OsString::from("/usr/bin/qemu-system-x86_64");
    let line = [program].into_iter().chain(arguments(plan));
    let line: Vec<_> = line.map(|argument| argument.to_string_lossy().into_owned()).collect();
    CommandLine::parse(&line, vmkit_qemu::program(&line).unwrap())
}

#[test]
fn the_inventory_reads_what_is_written() {
    for directory in ["/vms/web", "/v,ms/a=b/w:e b,", "/vms/-web"] {
        let mut plan = on_linux();
        plan.directory = directory.into();
        plan.disk.path = plan.directory.join("web.qcow2");
        plan.seed = Some(plan.directory.join("web-seed.iso"));
        let line = read_back(&plan);
        let files = ProcessFiles::new(&plan.directory, &plan.name);
        let text = |path: PathBuf| Some(path.to_str().unwrap().to_owned());
        assert_eq!(line.name.as_deref(), Some("web"));
        assert_eq!(line.machine.as_deref(), Some("q35"));
        assert_eq!(line.qmp, text(files.monitor()));
        assert_eq!(line.guest_agent, text(files.guest_agent()));
        assert_eq!(line.console, text(files.console_log()));
        assert_eq!(line.pid_file, text(files.pid()));
        assert_eq!(Some(line.disks), text(plan.disk.path).map(|path| vec![path]));
        assert!(!line.in_background);
    }
}

#[test]
fn the_inventory_reads_which_network_it_is() {
    let bridged = Cable::VmnetBridged { interface: "en0".to_owned() };
    let rows = [
        (Cable::Tap { descriptor: 3 }, NetworkMode::Bridged, None),
        (bridged, NetworkMode::Bridged, Some("en0")),
        (Cable::VmnetShared, NetworkMode::Shared, None),
    ];
    for (cable, mode, interface) in rows {
        let line = read_back(&on_a_mac(Architecture::Aarch64, cable));
        let [card] = line.cards.as_slice() else { panic!("{:?}", line.cards) };
        assert_eq!(card.mac, Reading::Known("52:54:00:4b:5e:57".parse().unwrap()));
        let Reading::Known(net) = &card.net else { panic!("{:?}", card.net) };
        assert_eq!((net.mode, net.interface.as_deref()), (mode, interface));
        assert_eq!(net.netdev.as_deref(), Some("net0"));
    }
}

#[test]
fn a_socket_whose_path_is_too_long_is_named_from_its_directory() {
    let mut plan = on_linux();
    let name = "n".repeat(50);
    plan.directory = Path::new("/home/ann/vm-toolkit-data/vms").join(&name);
    plan.name.clone_from(&name);
    let line = read_back(&plan);
    assert_eq!(line.qmp, Some(format!("{name}.qmp")));
    assert_eq!(line.guest_agent, Some(format!("{name}.agent")));
    assert!(line.console.unwrap().starts_with("/home/"), "a file has room");
}

#[test]
fn a_path_that_is_no_text_is_passed_as_it_is() {
    let mut plan = on_linux();
    plan.disk.path = OsString::from_vec(b"/vms/\xff,/web.qcow2".to_vec()).into();
    let expected = b"file=/vms/\xff,,/web.qcow2,if=none,".to_vec();
    let found = arguments(&plan).into_iter().map(OsString::into_vec);
    assert!(found.into_iter().any(|argument| argument.starts_with(&expected)));
}
