//! QEMU's monitors: real ones, and those that do not answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::print_stderr, reason = "what is not tested is said aloud")]

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use support::{Data, Fake, of};
use vmkit_inventory::{Depth, read_beside_monitors};
use vmkit_model::{Power, QmpStatus};
use vmkit_platform::current;
use vmkit_types::{Reading, Unread};

/// QEMU starts within 0.1 s; a loaded machine gets a hundred times as much.
const START_DEADLINE: Duration = Duration::from_secs(10);

/// A QEMU without a machine, ended with the test.
struct Qemu(Child);

impl Qemu {
    /// Starts it with its files in the directory; `None`, said aloud, where QEMU is not installed.
    fn start(directory: &Path, name: &str, more: &[&str]) -> Option<Self> {
        let (socket, pid) =
            (directory.join(format!("{name}.qmp")), directory.join(format!("{name}.pid")));
        let spawned = Command::new("qemu-system-x86_64")
            .args(["-machine", "none", "-display", "none", "-nodefaults", "-qmp"])
            .arg(format!("unix:{},server,nowait", socket.display()))
            .arg("-pidfile")
            .arg(&pid)
            .args(more)
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = spawned else {
            assert!(std::env::var_os("CI").is_none(), "CI must have qemu-system-x86_64");
            eprintln!("SKIPPED: qemu-system-x86_64 is not installed");
            return None;
        };
        let qemu = Self(child);
        let deadline = Instant::now() + START_DEADLINE;
        // There is nothing else to wait on: QEMU tells nobody that it listens.
        while UnixStream::connect(&socket).is_err() || fs::read(&pid).is_ok_and(|t| t.is_empty()) {
            assert!(Instant::now() < deadline, "QEMU does not listen");
            std::thread::yield_now();
        }
        Some(qemu)
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A client that keeps the monitor's only place.
fn occupy(socket: &Path) -> BufReader<UnixStream> {
    let mut client = BufReader::new(UnixStream::connect(socket).unwrap());
    let mut greeting = String::new();
    client.read_line(&mut greeting).unwrap();
    assert!(greeting.contains("QMP"), "{greeting}");
    client
}

#[test]
fn real_monitors_distinguish_paused_machines_from_running_ones() {
    let data = Data::new();
    let (running, held) = (data.machine("running"), data.machine("held"));
    let busy = data.machine("busy");
    let Some(one) = Qemu::start(&running, "running", &[]) else { return };
    let Some(two) = Qemu::start(&held, "held", &["-S"]) else { return };
    let location = data.location();
    let start = Instant::now();
    let inventory = vmkit_inventory::read(&location, &current(), None, Depth::WithQmp);
    println!("two real monitors: {:?}", start.elapsed());
    assert_eq!(inventory.problems, []);
    let found = of(&inventory, "running");
    let version = found.qmp.as_ref().known().and_then(|status| status.version.clone());
    assert!(version.as_ref().is_some_and(|it| it.split('.').count() == 3), "{version:?}");
    let state = QmpStatus {
        running: true,
        state: "running".to_owned(),
        unopened: Vec::new(),
        version: version.clone(),
    };
    assert_eq!((found.power, found.pid), (Power::Running, Some(one.0.id())));
    assert_eq!(found.qmp, Reading::Known(state));
    assert!(found.started_at.is_some());
    let found = of(&inventory, "held");
    let state =
        QmpStatus { running: false, state: "prelaunch".to_owned(), unopened: Vec::new(), version };
    assert_eq!((found.power, found.pid), (Power::Paused, Some(two.0.id())));
    assert_eq!(found.qmp, Reading::Known(state));
    assert_eq!(of(&inventory, "busy").power, Power::Stopped);

    let Some(three) = Qemu::start(&busy, "busy", &["-S"]) else { return };
    let _client = occupy(&busy.join("busy.qmp"));
    let inventory = vmkit_inventory::read(&location, &current(), None, Depth::WithQmp);
    let found = of(&inventory, "busy");
    assert_eq!((found.power, found.pid), (Power::Running, Some(three.0.id())));
    assert_eq!(found.qmp, Reading::Unknown(Unread::TimedOut));
    assert_eq!(of(&inventory, "held").power, Power::Paused, "the others are not held up");
}

#[test]
fn finds_a_foreground_start_without_pid_file_and_stops_with_its_process() {
    let data = Data::new();
    let directory = data.machine("web");
    let Some(qemu) = Qemu::start(&directory, "web", &[]) else { return };
    fs::remove_file(directory.join("web.pid")).unwrap();
    let find = || vmkit_inventory::read(&data.location(), &current(), None, Depth::ProcessesOnly);
    assert_eq!(of(&find(), "web").pid, Some(qemu.0.id()));
    drop(qemu);
    // The socket of a killed QEMU stays.
    let inventory = vmkit_inventory::read(&data.location(), &current(), None, Depth::WithQmp);
    let web = of(&inventory, "web");
    assert_eq!((web.power, &web.qmp), (Power::Stopped, &Reading::Absent));
}

/// A monitor that says fixed lines to one client and stays until that leaves.
fn scripted(socket: &Path, lines: &'static [&'static str]) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The client may have left: then the rest is for nobody.
        if stream.write_all(lines.concat().as_bytes()).is_ok() {
            stream.read_to_end(&mut Vec::new()).ok();
        }
    });
}

#[test]
fn an_answer_from_the_own_socket_proves_a_process_that_names_no_file() {
    let data = Data::new();
    let directory = data.machine("web");
    data.write("vms/web/web.pid", "17");
    let lines = &[
        "{\"QMP\": {}}\r\n",
        "{\"return\": {}}\r\n",
        "{\"return\": {\"status\": \"paused\", \"running\": false}}\r\n",
    ];
    scripted(&directory.join("web.qmp"), lines);
    let platform = Fake::default().with(17, "qemu-system-x86_64 -readconfig web.cfg");
    let inventory = data.read(&platform, Depth::WithQmp);
    let web = of(&inventory, "web");
    assert_eq!((web.power, web.pid), (Power::Paused, Some(17)));
}

#[test]
fn asks_wanted_monitors_only_and_keeps_proven_processes() {
    const PAUSED: &[&str] = &[
        "{\"QMP\": {}}\r\n{\"return\": {}}\r\n",
        "{\"return\": {\"status\": \"paused\", \"running\": false}}\r\n",
    ];
    let data = Data::new();
    let mut platform = Fake::default();
    for (pid, name) in [(1, "paused"), (2, "unwanted"), (3, "mute")] {
        let directory = data.machine(name);
        platform = platform.with(pid, &Data::qemu(&directory, "-m 1"));
        let lines = if name == "mute" { &["no QMP\r\n"] } else { PAUSED };
        scripted(&directory.join(format!("{name}.qmp")), lines);
    }
    let (mut inventory, mut monitors) = read_beside_monitors(&data.location(), &platform, None);
    assert!(inventory.machines.iter().all(|machine| machine.power == Power::Running));
    monitors.ask(|name| name != "unwanted").update(&mut inventory.machines);
    let powers: Vec<_> = inventory.machines.iter().map(|machine| machine.power).collect();
    assert_eq!(powers, [Power::Running, Power::Paused, Power::Running]);
    assert_eq!(of(&inventory, "unwanted").qmp, Reading::Unknown(Unread::NotTried));
    assert!(format!("{:?}", of(&inventory, "mute").qmp).contains("does not speak QMP"));
    monitors.ask(|_| true).update(&mut inventory.machines);
    assert_eq!(of(&inventory, "unwanted").power, Power::Paused);
}

#[test]
fn silent_monitors_cost_one_deadline_in_all() {
    // So many that one deadline for each is far from what a busy computer takes.
    const SILENT: u32 = 100;
    let data = Data::new();
    let mut platform = Fake::default();
    let mut silent = Vec::new();
    for index in 0..SILENT {
        let directory = data.machine(&format!("silent{index}"));
        silent.push(UnixListener::bind(directory.join(format!("silent{index}.qmp"))).unwrap());
        platform = platform.with(100 + index, &Data::qemu(&directory, "-m 1"));
    }
    let other = data.machine("other");
    scripted(&other.join("other.qmp"), &["SSH-2.0-OpenSSH_9.6\r\n"]);
    // On Linux a directory may have any length.
    let long = format!("/{}.qmp", "long".repeat(40));
    platform = platform.with(1, &Data::qemu(&other, "-m 1"));
    let far = data.machine("far");
    platform = platform.with(2, &Data::qemu(&far, &format!("-qmp unix:{long},server")));
    let unproven = data.machine("unproven");
    silent.push(UnixListener::bind(unproven.join("unproven.qmp")).unwrap());
    let start = Instant::now();
    let inventory = data.read(&platform, Depth::WithQmp);
    let took = start.elapsed();
    assert!(
        took < Duration::from_millis(200) * SILENT / 2,
        "one deadline of 200 ms for all, not one for each: {took:?}"
    );
    for index in 0..SILENT {
        let machine = of(&inventory, &format!("silent{index}"));
        assert_eq!(machine.power, Power::Running);
        assert_eq!(machine.qmp, Reading::Unknown(Unread::TimedOut));
    }
    for (name, why) in [("other", "does not speak QMP"), ("far", "too long")] {
        let machine = of(&inventory, name);
        assert_eq!(machine.power, Power::Running, "{name}");
        assert!(format!("{:?}", machine.qmp).contains(why), "{:?}", machine.qmp);
    }
    assert_eq!(of(&inventory, "unproven").power, Power::Unknown);
}

#[test]
fn reads_a_hundred_machines_at_once() {
    let data = Data::new();
    let mut platform = Fake::default();
    let mut entries = Vec::new();
    for index in 0..100 {
        let name = format!("vm{index}");
        let directory = data.machine(&name);
        data.write(&format!("vms/{name}/{name}.mac"), "52:54:00:00:00:01");
        data.write(&format!("vms/{name}/{name}.pid"), (1000 + index).to_string());
        platform = platform.with(1000 + index, &Data::qemu(&directory, "-m 1"));
        entries.push(format!(r#""{name}":{{"hostname":"{name}","username":"u"}}"#));
    }
    data.registry(&entries.join(","));
    let inventory = data.read(&platform, Depth::WithQmp);
    assert!(inventory.machines.iter().all(|machine| machine.power == Power::Running));
}
