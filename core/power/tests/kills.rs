//! Whatever becomes of the process that starts a QEMU, a machine has one QEMU or none.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod support;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use support::{make_disk, plan, qemu};
use vmkit_model::Machine;
use vmkit_power::{Patience, Plan, PowerError, Running, start, stop};

/// A QEMU takes a tenth of a second; the rest is for a busy computer.
const LONG: Duration = Duration::from_mins(1);

const AT_ONCE: Patience = Patience { power_down: Duration::ZERO, quit: LONG, kill: LONG };

/// The directory of the machine that a killed process starts.
const PLACE: &str = "VMKIT_TEST_PLACE";

/// Waits for a condition without giving up the processor for long.
fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        thread::yield_now();
    }
}

#[test]
#[ignore = "the test that kills it runs it in a process of its own"]
fn starts_a_machine_and_is_killed() {
    let place = PathBuf::from(env::var_os(PLACE).unwrap());
    start(&place.join("qemu"), &plan(&place, "web"), &[]).unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Whether a process has this path in its command line.
fn is_named(path: &Path) -> bool {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let own = std::process::id().to_string();
    let mut others = processes.filter(|each| each.file_name().to_str() != Some(&own));
    others.any(|each| {
        let line = fs::read(each.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(path.to_str().unwrap())
    })
}

/// The machine as the inventory lists it.
fn listed(plan: &Plan) -> Option<Running> {
    let pid = fs::read_to_string(plan.directory.join("web.pid")).ok()?;
    let mut machine = Machine::new("vm-toolkit".into(), "web");
    machine.pid = pid.trim().parse().ok();
    machine.user = Some(rustix::process::geteuid().as_raw());
    machine.directory = Some(plan.directory.clone());
    machine.monitor = Some(plan.directory.join("web.qmp"));
    Running::of(&machine, None).ok()
}

/// Starts the machine in a process that is killed once this file is there.
fn kill_at(file: Option<&str>) {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    make_disk(&plan);
    let qemu = qemu(place.path());
    // The last word is a filter that no test passes; it marks the process.
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "starts_a_machine_and_is_killed"])
        .arg(place.path())
        .env(PLACE, place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let reached = || file.is_none_or(|file| place.path().join(file).exists());
    wait_for("a start that comes so far", reached);
    child.kill().unwrap();
    child.wait().unwrap();
    let answers = || listed(&plan).filter(|running| running.monitor().status().is_ok());
    wait_for("no process, or one that answers", || answers().is_some() || !is_named(place.path()));
    if let Some(running) = answers() {
        let again = start(&qemu, &plan, &[]).unwrap_err();
        assert!(matches!(again, PowerError::Runs { .. }), "{again}");
        stop(&running, &AT_ONCE, &mut |_, _| {}).unwrap();
    }
    let started = start(&qemu, &plan, &[]).unwrap();
    stop(&started.running, &AT_ONCE, &mut |_, _| {}).unwrap();
    wait_for("the end of all processes", || !is_named(place.path()));
}

#[test]
fn a_start_that_is_killed_leaves_no_qemu_or_one_that_answers() {
    for file in [None, Some("qemu.log"), Some("web.pid"), Some("web.qmp"), Some("web.agent")] {
        kill_at(file);
    }
}

#[test]
fn of_starts_at_once_one_has_the_machine() {
    let place = tempfile::tempdir().unwrap();
    let plan = plan(place.path(), "web");
    make_disk(&plan);
    let qemu = qemu(place.path());
    // As the machine's lock: each start holds it.
    let lock = Mutex::new(());
    let start = || {
        let _held = lock.lock().unwrap();
        start(&qemu, &plan, &[])
    };
    let started: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..3).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let (started, refused): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
    for error in refused.into_iter().map(Result::unwrap_err) {
        assert!(matches!(error, PowerError::Runs { .. }), "{error}");
    }
    let [Ok(started)] = started.as_slice() else { panic!("{} run", started.len()) };
    assert!(started.running.monitor().status().unwrap().running);
    stop(&started.running, &AT_ONCE, &mut |_, _| {}).unwrap();
}
