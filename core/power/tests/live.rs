//! A real QEMU, started, held and stopped. Its machine has an empty disk.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod support;

use std::{
    fs,
    io::{Read as _, pipe},
    os::unix::net::UnixStream,
    thread,
    time::Duration,
};

use support::{make_disk, plan, program, qemu};
use vmkit_power::{
    Acceleration, Cable, ConsoleEnd, ConsoleView, HowStopped, Patience, PowerError, Rights, Root,
    StopStep, attach_console, start, stop,
};

/// A machine that hears no power button, which is not waited for.
const AT_ONCE: Patience = Patience {
    power_down: Duration::ZERO,
    quit: Duration::from_mins(1),
    kill: Duration::from_mins(1),
};

#[test]
fn starts_a_machine_that_is_held_and_quits() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    make_disk(&plan);
    let qemu = qemu(place.path());
    let started = start(&qemu, &plan, &[]).unwrap();
    let running = &started.running;
    assert_eq!((started.acceleration, started.notes.as_slice()), (Acceleration::Tcg, &[][..]));
    let written: u32 =
        fs::read_to_string(place.path().join("web.pid")).unwrap().trim().parse().unwrap();
    assert_eq!(written, running.pid());
    let monitor = running.monitor();
    assert!(monitor.status().unwrap().running);
    monitor.pause().unwrap();
    assert_eq!(monitor.status().unwrap().state, "paused");
    monitor.resume().unwrap();
    assert!(monitor.status().unwrap().running);
    // Another one would write to the same disk.
    let again = start(&qemu, &plan, &[]).unwrap_err();
    assert!(matches!(again, PowerError::Runs { .. }), "{again}");
    assert!(monitor.status().unwrap().running);
    let mut steps = Vec::new();
    let how = stop(running, &AT_ONCE, &mut |step, _| steps.push(step)).unwrap();
    assert_eq!((how, steps), (HowStopped::Quit, vec![StopStep::Quit]));
    for file in ["web.pid", "web.qmp", "web.console", "web.agent"] {
        assert!(!place.path().join(file).exists(), "{file}");
    }
}

#[test]
fn an_end_at_the_start_is_an_error_with_the_last_lines_of_the_log() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    // There is no disk.
    let error = start(&qemu(place.path()), &plan, &[]).unwrap_err().to_string();
    assert!(error.starts_with("QEMU ended at its start (status 1): "), "{error}");
    assert!(error.contains("web.qcow2': No such file"), "{error}");
    assert!(!place.path().join("web.pid").exists());
}

#[test]
fn a_qemu_that_cannot_use_kvm_emulates_and_says_so() {
    let place = tempfile::tempdir().unwrap();
    let mut plan = plan(place.path(), "web");
    plan.acceleration = Acceleration::Kvm;
    make_disk(&plan);
    let qemu = program(
        place.path(),
        r#"#!/bin/sh
for argument do
    shift
    case $argument in
        kvm) echo "qemu: error: failed to set MSR 0x10a to 0x69"; kill -ABRT $$ ;;
        tap,*) argument=user,id=net0,restrict=on ;;
    esac
    set -- "$@" "$argument"
done
exec qemu-system-x86_64 "$@"
"#,
    );
    let started = start(&qemu, &plan, &[]).unwrap();
    assert_eq!(started.acceleration, Acceleration::Tcg);
    let expected = "QEMU emulates the processor, which is slow: it cannot use kvm here: \
                    qemu: error: failed to set MSR 0x10a to 0x69";
    assert_eq!(started.notes, [expected]);
    stop(&started.running, &AT_ONCE, &mut |_, _| {}).unwrap();
}

#[test]
fn a_console_has_one_client_whose_output_is_also_in_the_log() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    make_disk(&plan);
    let started = start(&qemu(place.path()), &plan, &[]).unwrap();
    let running = &started.running;
    fs::write(place.path().join("console.log"), "the last line\r\n").unwrap();
    let (mut shown, output) = pipe().unwrap();
    let (input, typed) = pipe().unwrap();
    thread::scope(|scope| {
        let attached = scope.spawn(|| attach_console(running, ConsoleView::Plain, &input, &output));
        let mut said = [0; 14];
        shown.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"the last line\n");
        let again = attach_console(running, ConsoleView::Plain, &input, &output);
        let refused = again.unwrap_err();
        assert!(matches!(refused, PowerError::ConsoleInUse(_)), "{refused}");
        stop(running, &AT_ONCE, &mut |_, _| {}).unwrap();
        assert_eq!(attached.join().unwrap().unwrap(), ConsoleEnd::MachineEnded);
    });
    drop(typed);
}

#[test]
fn a_machine_with_long_paths_starts_and_ends() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("a,b=c".repeat(20)).join("n".repeat(50));
    fs::create_dir_all(&directory).unwrap();
    let plan = plan(&directory, &"n".repeat(50));
    make_disk(&plan);
    let started = start(&qemu(place.path()), &plan, &[]).unwrap();
    assert!(started.running.monitor().status().unwrap().running);
    let how = stop(&started.running, &AT_ONCE, &mut |_, _| {}).unwrap();
    assert_eq!(how, HowStopped::Quit);
}

#[test]
fn a_qemu_whose_monitor_serves_another_client_is_asked_by_a_signal() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    make_disk(&plan);
    let started = start(&qemu(place.path()), &plan, &[]).unwrap();
    let other = UnixStream::connect(place.path().join("web.qmp")).unwrap();
    let mut steps = Vec::new();
    let how = stop(&started.running, &AT_ONCE, &mut |step, _| steps.push(step)).unwrap();
    assert_eq!((how, steps), (HowStopped::Quit, vec![StopStep::Quit]));
    drop(other);
}

#[test]
fn a_qemu_that_was_killed_is_seen_and_the_machine_starts_again() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    make_disk(&plan);
    let qemu = qemu(place.path());
    let started = start(&qemu, &plan, &[]).unwrap();
    assert_eq!(started.ended(), None);
    let kill = Patience { quit: Duration::ZERO, ..AT_ONCE };
    let how = stop(&started.running, &kill, &mut |_, _| {}).unwrap();
    assert_eq!(how, HowStopped::Killed);
    assert!(!place.path().join("web.pid").exists(), "nothing tells of a crash");
    let gone = stop(&started.running, &AT_ONCE, &mut |_, _| {}).unwrap_err();
    assert!(matches!(gone, PowerError::DoesNotRun(_)), "{gone}");
    let again = start(&qemu, &plan, &[]).unwrap();
    stop(&again.running, &AT_ONCE, &mut |_, _| {}).unwrap();
}

#[test]
fn a_program_that_is_too_old_is_called_so() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    let old = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'QEMU emulator version 5.2.0' && exit\n\
               echo \"qemu: invalid option '-x'\"\nexit 1\n";
    let error = start(&program(place.path(), old), &plan, &[]).unwrap_err().to_string();
    let expected = "QEMU 5.2 is too old: 6.2 or later is needed: qemu: invalid option '-x'";
    assert_eq!(error, expected);
}

/// Runs its command as who runs it, and notes it.
const SUDO: &str = "#!/bin/sh\nshift\necho \"$1\" >> \"$0.log\"\nexec \"$@\"\n";

/// A QEMU for Linux in place of one for macOS.
const QEMU_OF_A_MAC: &str = r#"#!/bin/sh
for argument do
    shift
    case $argument in
        -run-with) skip=yes; continue ;;
        vmnet-*) argument=user,id=net0,restrict=on ;;
    esac
    if [ "$skip" ]; then skip=; continue; fi
    set -- "$@" "$argument"
done
exec qemu-system-x86_64 "$@"
"#;

#[test]
fn a_qemu_that_sudo_starts_is_in_the_background_and_its_files_are_the_users() {
    let place = tempfile::tempdir().unwrap();
    let mut plan = plan(place.path(), "web");
    make_disk(&plan);
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let tools = tempfile::tempdir().unwrap();
    let sudo = program(tools.path(), SUDO);
    plan.cable = Cable::VmnetShared;
    plan.sandbox = false;
    plan.rights = Rights::RootUntilRunning(Root { sudo: sudo.clone(), user, group });
    let qemu = program(place.path(), QEMU_OF_A_MAC);
    let started = start(&qemu, &plan, &[]).unwrap();
    assert_eq!(started.ended(), None);
    assert!(started.running.monitor().status().unwrap().running);
    let asked = fs::read_to_string(sudo.with_extension("log")).unwrap();
    assert_eq!(asked, format!("{}\n/usr/bin/chown\n", qemu.display()));
    let how = stop(&started.running, &AT_ONCE, &mut |_, _| {}).unwrap();
    assert_eq!(how, HowStopped::Quit);
    assert_eq!(started.ended(), Some(Vec::new()));
    plan.rights = Rights::RootUntilRunning(Root { sudo: "/bin/false".into(), user, group });
    let refused = start(&qemu, &plan, &[]).unwrap_err().to_string();
    assert_eq!(refused, "QEMU ended at its start (status 1), and said nothing");
}
