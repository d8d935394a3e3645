//! A guest that QEMU runs as `vm start` starts it: its console, its power button and its seals.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, Permissions},
    io::{PipeReader, Read as _, Write as _, pipe},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Instant,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{FdFlags, fcntl_setfd},
};
use vmkit_lab::{Image, PATIENCE, or_skip, run};
use vmkit_power::{
    Acceleration, Architecture, Cable, ConsoleEnd, ConsoleView, DiskFile, HowStopped, Patience,
    Plan, Rights, StopStep, attach_console, start, stop,
};

/// A QEMU whose machine's cable leads nowhere, so that the test needs no tap.
const QEMU: &str = include_str!("../../../core/power/tests/support/unplugged-qemu.sh");
/// A name that nobody has.
const TYPED: &str = "nobody-at-all";

fn qemu(folder: &Path) -> PathBuf {
    let path = folder.join("qemu");
    fs::write(&path, QEMU).expect("a program");
    fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("its rights");
    path
}

fn plan(folder: &Path, image: &Path) -> Plan {
    let disk = folder.join("web.qcow2");
    let mut overlay = Command::new("qemu-img");
    overlay.args(["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"]);
    run(overlay.arg(image).arg(&disk)).expect("a disk");
    Plan {
        name: "web".to_owned(),
        directory: folder.to_owned(),
        architecture: Architecture::X86_64,
        acceleration: Acceleration::Tcg,
        firmware: None,
        memory_mb: 256,
        vcpus: 1,
        disk: DiskFile { path: disk, format: "qcow2" },
        seed: None,
        mac: "52:54:00:4b:5e:57".parse().expect("a MAC"),
        cable: Cable::Tap { descriptor: 3 },
        rights: Rights::User,
        sandbox: true,
    }
}

/// Reads until the guest has said it.
fn read_until(from: &mut PipeReader, what: &str, is_said: impl Fn(&str) -> bool) {
    let until = Instant::now() + PATIENCE;
    let mut said = String::new();
    let mut chunk = [0; 256];
    while !is_said(&said) {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).expect("minutes");
        let mut readable = [PollFd::new(from, PollFlags::IN)];
        let ready = poll(&mut readable, Some(&left)).expect("a poll");
        assert!(ready > 0, "{what} did not come within {PATIENCE:?}: {said}");
        let count = from.read(&mut chunk).expect("output");
        assert!(count > 0, "the console ended: {said}");
        said += &String::from_utf8_lossy(&chunk[..count]);
    }
}

/// Whether the terminal has echoed what was typed. A message of the guest may come between two letters.
fn is_echo(said: &str) -> bool {
    let mut left = said.chars();
    TYPED.chars().all(|letter| left.any(|each| each == letter))
}

#[test]
fn a_guest_is_typed_to_and_shuts_down_by_its_power_button() {
    let Some(image) = or_skip(Image::Small.path()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // A script holds a lock in this way while it calls `vm`.
    let lock = fs::File::create(folder.join("callers-lock")).expect("a file");
    fcntl_setfd(&lock, FdFlags::empty()).expect("a descriptor that programs inherit");
    let started = start(&qemu(folder), &plan(folder, &image), &[]).expect("a QEMU");
    drop(lock);
    assert_eq!(started.notes, [""; 0]);
    let running = &started.running;
    let pid = running.pid();
    let open = fs::read_dir(format!("/proc/{pid}/fd")).expect("a process").flatten();
    let mut open = open.filter_map(|file| fs::read_link(file.path()).ok());
    assert!(!open.any(|file| file.ends_with("callers-lock")));
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    for seal in ["Seccomp:\t2", "NoNewPrivs:\t1"] {
        assert!(status.contains(seal), "{seal}: {status}");
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let session = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(3));
    assert_eq!(session, Some(pid.to_string().as_str()), "it has left the terminal");
    let (mut shown, output) = pipe().expect("a pipe");
    let (input, mut keys) = pipe().expect("a pipe");
    thread::scope(|scope| {
        let attached = scope.spawn(|| attach_console(running, ConsoleView::Plain, &input, &output));
        read_until(&mut shown, "the prompt", |said| said.contains("login:"));
        // The guest's terminal shows what is typed.
        keys.write_all(format!("{TYPED}\n").as_bytes()).expect("keys");
        read_until(&mut shown, "the echo", is_echo);
        let mut steps = Vec::new();
        let how = stop(running, &Patience::default(), &mut |step, _| steps.push(step));
        assert_eq!(how.expect("an end"), HowStopped::PoweredDown);
        assert_eq!(steps, [StopStep::PowerDown]);
        let end = attached.join().expect("no panic");
        assert_eq!(end.expect("a console"), ConsoleEnd::MachineEnded);
    });
    let log = fs::read_to_string(folder.join("console.log")).expect("a log");
    let typed = log.split("login:").nth(1);
    assert!(log.contains("Linux version") && typed.is_some_and(is_echo), "{log}");
    let mode = fs::metadata(folder.join("console.log")).expect("a log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
