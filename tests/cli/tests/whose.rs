//! A machine is whose it is: the command line of another user's process says nothing about it.
//!
//! These tests run as root, with processes of two ordinary users whom the user database need not know.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        net::UnixListener,
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use vmkit_cli_tests::{DataDirectory, vm};

/// Whose machines are looked at.
const ANN: u32 = 41_001;
/// Who wants to speak for them.
const EVE: u32 = 41_002;
const ROOT: u32 = 0;
const EVES_MAC: &str = "52:54:00:ee:ee:ee";
const QEMU: &str = "qemu-system-x86_64";

/// Where `vm` gets its rights from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Ann,
    AnnBySudo,
    Root,
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// ann's machine `web`, and a place for eve's things.
struct Place {
    data: DataDirectory,
    eve: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let data = DataDirectory::new();
        data.add("web");
        let own = |path: &Path, user| chown(path, Some(user), Some(user)).expect("own a file");
        for path in ["", "vms", "vms/web", "vms/web/web.qcow2", ".vm-registry.json"] {
            own(&data.path(path), ANN);
        }
        let eve = tempfile::Builder::new().prefix("vmkit-eve-").tempdir().expect("a directory");
        fs::set_permissions(eve.path(), fs::Permissions::from_mode(0o755)).expect("open it");
        own(eve.path(), EVE);
        Self { data, eve }
    }

    fn directory(&self) -> PathBuf {
        self.data.path("vms/web")
    }

    /// A copy of a shell, which waits for its input and takes all arguments, under a QEMU's name.
    fn shell(&self, user: u32, mode: u32) -> PathBuf {
        let path = self.eve.path().join(QEMU);
        fs::remove_file(&path).ok();
        fs::copy("/bin/bash", &path).expect("copy a shell");
        chown(&path, Some(user), Some(user)).expect("own it");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set its mode");
        path
    }

    /// The command line of a QEMU that runs `web` with eve's MAC, monitor and agent.
    fn forged(&self) -> Vec<String> {
        let (web, eve) = (self.directory(), self.eve.path());
        let disk = format!("file={}/web.qcow2,if=virtio", web.display());
        let monitor = format!("unix:{}/monitor,server,nowait", eve.display());
        let agent = format!("socket,id=ga,path={}/agent,server=on", eve.display());
        let card = format!("virtio-net,netdev=n,mac={EVES_MAC}");
        let port = "virtserialport,chardev=ga,name=org.qemu.guest_agent.0";
        let words = [
            ["-drive", &disk],
            ["-netdev", "tap,id=n,ifname=tap-eve,br=br-eve"],
            ["-device", &card],
            ["-qmp", &monitor],
            ["-chardev", &agent],
            ["-device", port],
        ];
        words.concat().into_iter().map(str::to_owned).collect()
    }

    /// Runs `vm status` and returns its JSON.
    fn status(&self, who: As) -> Value {
        self.json(who, &["status", "--json"])
    }

    fn json(&self, who: As, arguments: &[&str]) -> Value {
        let root = self.data.path("");
        let mut command = Command::new(vm());
        command
            .args(["--timeout", "60", "--manager", "vm-toolkit", "--data-dir"])
            .arg(&root)
            .args(arguments);
        command.env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
        match who {
            As::Ann => drop(command.uid(ANN).gid(ANN)),
            As::AnnBySudo => {
                command.env("SUDO_UID", ANN.to_string()).env("SUDO_GID", ANN.to_string());
            }
            As::Root => {}
        }
        let output = command.output().expect("start vm; these tests run as root");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

fn machine(document: &Value) -> &Value {
    document["vms"].as_array().and_then(|vms| vms.first()).expect("a machine")
}

fn problems(document: &Value) -> String {
    document["problems"].to_string()
}

/// A process of this user that runs a shell and waits.
fn wait_as(user: u32, program: &Path, name: &str, arguments: &[&str], more: &[String]) -> Running {
    let child = Command::new(program)
        .arg0(name)
        .args(arguments)
        .args(["-c", "read line"])
        .args(more)
        .env_clear()
        .uid(user)
        .gid(user)
        .current_dir(program.parent().expect("a directory"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("start a shell");
    Running(child)
}

fn users_of(process: &Running) -> String {
    let text = fs::read_to_string(format!("/proc/{}/status", process.0.id())).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:")).expect("its users");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A socket of eve's that counts who comes.
fn trap(path: &Path) -> UnixListener {
    fs::remove_file(path).ok();
    let listener = UnixListener::bind(path).expect("listen");
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("open it for all");
    listener.set_nonblocking(true).expect("do not wait");
    listener
}

#[test]
fn another_users_process_gives_a_machine_nothing() {
    let place = Place::new();
    // How eve starts it: the owner and mode of the program, its arguments, and the users it runs as.
    let rows: [(&str, u32, u32, &[&str], &str); 3] = [
        ("a program of her own", EVE, 0o755, &[], "41002 41002 41002 41002"),
        // Such a process forbids dumps, and the kernel makes its entry in /proc root's.
        ("a program that she cannot read", ROOT, 0o711, &[], "41002 41002 41002 41002"),
        ("a set-user-id program of root's", ROOT, 0o4755, &["-p"], "41002 0 0 0"),
    ];
    for (case, owner, mode, arguments, users) in rows {
        let program = place.shell(owner, mode);
        let process = wait_as(EVE, &program, QEMU, arguments, &place.forged());
        assert_eq!(users_of(&process), users, "{case}");
        let traps = ["monitor", "agent"].map(|name| trap(&place.eve.path().join(name)));
        for who in [As::Ann, As::AnnBySudo, As::Root] {
            let document = place.status(who);
            let web = machine(&document);
            assert_eq!(web["state"], Value::Null, "{case}, {who:?}: {document:#}");
            assert_eq!(web["pid"], Value::Null, "{case}, {who:?}");
            let text = web.to_string();
            for forged in [EVES_MAC, "tap-eve", "br-eve"] {
                assert!(!text.contains(forged), "{case}, {who:?}: {forged} in {text}");
            }
            let said = problems(&document);
            assert!(said.contains("process of another user"), "{case}, {who:?}: {said}");
        }
        for trap in &traps {
            assert!(trap.accept().is_err(), "{case}: somebody connected to eve's socket");
        }
    }
}

#[test]
fn another_users_relative_names_do_not_blur_a_machine() {
    let place = Place::new();
    let program = place.shell(EVE, 0o755);
    let names = ["-name", "web", "-drive", "file=web.qcow2"].map(str::to_owned);
    let _process = wait_as(EVE, &program, QEMU, &[], &names);
    for who in [As::Ann, As::AnnBySudo] {
        let document = place.status(who);
        assert_eq!(machine(&document)["state"], "stopped", "{who:?}: {document:#}");
        assert_eq!(document["problems"], Value::Array(Vec::new()), "{who:?}");
    }
}

/// sudo is root's, and any user chooses its command line while it asks for a password: so it is with
/// this shell.
#[test]
fn a_process_of_roots_needs_the_program_of_a_qemu() {
    let place = Place::new();
    let _process = wait_as(ROOT, Path::new("/bin/bash"), QEMU, &[], &place.forged());
    let rows = [
        (As::Ann, None, "a process of root, whose program only root sees"),
        (As::AnnBySudo, Some("stopped"), "[]"),
        (As::Root, Some("stopped"), "[]"),
    ];
    for (who, state, problem) in rows {
        let document = place.status(who);
        let web = machine(&document);
        assert_eq!((web["state"].as_str(), &web["pid"]), (state, &Value::Null), "{who:?}");
        assert!(!web.to_string().contains(EVES_MAC), "{who:?}: {web}");
        assert!(problems(&document).contains(problem), "{who:?}: {document:#}");
    }
}

/// As a toolkit starts it by sudo, for a bridge: root's QEMU, whose monitor only root may connect to.
#[test]
fn roots_qemu_of_anns_machine_is_hers() {
    let mut place = Place::new();
    place.data.start("web");
    let pid_file = place.directory().join("web.pid");
    let pid: u32 = fs::read_to_string(&pid_file).expect("its number").trim().parse().expect("one");
    fs::set_permissions(pid_file, fs::Permissions::from_mode(0o600)).expect("as QEMU does");
    // As ann alone, the lock on the pid file proves it, and the monitor is closed.
    for (who, state) in [(As::Ann, "running"), (As::AnnBySudo, "paused"), (As::Root, "paused")] {
        let document = place.status(who);
        let web = machine(&document);
        assert_eq!(web["pid"], pid, "{who:?}: {document:#}");
        let shown = web["state"].as_str().unwrap_or_default();
        let runs = shown == "booting" || shown == "initializing" || shown == "running";
        assert!(shown == state || state == "running" && runs, "{who:?}: {document:#}");
    }
}

#[test]
fn a_stranger_on_a_machines_own_socket_hears_nothing() {
    let place = Place::new();
    // A directory that eve's group may write to, where ann's machine is said to have its monitor. One
    // that everybody may write to is skipped.
    chown(place.directory(), Some(ANN), Some(EVE)).expect("share it");
    fs::set_permissions(place.directory(), fs::Permissions::from_mode(0o775)).expect("share it");
    let log = place.directory().join("console.log");
    fs::write(&log, "web login: \n").expect("write a log");
    chown(&log, Some(EVE), Some(EVE)).expect("eve's log");
    let socket = place.directory().join("web.qmp");
    let script = format!(
        "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind({:?})\ns.listen()\n\
         print('ready',flush=True)\nc,_=s.accept()\nc.settimeout(60)\n\
         print(len(c.recv(100)),flush=True)\n",
        socket.display().to_string()
    );
    let mut child = Command::new("python3")
        .args(["-c", &script])
        .uid(EVE)
        .gid(EVE)
        .stdout(Stdio::piped())
        .spawn()
        .expect("start python3");
    let mut said = std::io::BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).expect("it listens");
    let _child = Running(child);
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).expect("open it for all");
    let document = place.status(As::AnnBySudo);
    let web = machine(&document);
    assert_eq!(web["state"], "stopped", "{document:#}");
    assert!(problems(&document).contains("it belongs to another user (41002)"), "{document:#}");
    line.clear();
    std::io::BufRead::read_line(&mut said, &mut line).expect("what it heard");
    assert_eq!(line.trim(), "0", "eve heard a question");
}

#[test]
fn a_snapshot_keeps_why_a_process_was_not_believed() {
    let place = Place::new();
    let program = place.shell(EVE, 0o755);
    let _process = wait_as(EVE, &program, QEMU, &[], &place.forged());
    let saved = place.eve.path().join("saved");
    let status = Command::new(vm())
        .args(["--manager", "vm-toolkit", "--data-dir"])
        .arg(place.data.path(""))
        .args(["snapshot", "save"])
        .arg(&saved)
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("start vm");
    assert!(status.success(), "{status}");
    let path = saved.to_str().expect("a plain path");
    let document = place.json(As::Root, &["status", "--json", "--from", path]);
    assert_eq!(machine(&document)["state"], Value::Null, "{document:#}");
    assert!(problems(&document).contains("process of another user"), "{document:#}");
    assert!(!document.to_string().contains(EVES_MAC), "{document:#}");
}

/// What stands for root's QEMU with a guest: it answers as a monitor and as a guest agent, at sockets that
/// only root may connect to.
const GUEST: &str = r#"
import os, re, select, socket
os.umask(0o077)
log = open(os.environ["WEB"] + "/console.log", "w")
def listen(name):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.environ["WEB"] + "/web." + name)
    listener.listen()
    return listener
listeners, clients = {listen(name): name for name in ("qmp", "qga")}, set()
print("ready", flush=True)
while True:
    for one in select.select([*listeners, *clients], [], [])[0]:
        if one in listeners:
            client = one.accept()[0]
            clients.add(client)
            if listeners[one] == "qmp":
                client.sendall(b'{"QMP":{}}\r\n')
            continue
        text = one.recv(65536)
        if not text:
            clients.remove(one)
        if b"query-status" in text:
            one.sendall(b'{"return":{}}\r\n{"return":{"status":"paused","running":false}}\r\n')
        for number in re.findall(rb'guest-sync-delimited.*?"id":(\d+)', text):
            one.sendall(b'\xff{"return":' + number + b'}\n')
        if b"guest-network-get-interfaces" in text:
            one.sendall(b'{"return":[{"name":"eth0","hardware-address":"52:54:00:00:00:07",'
                b'"ip-addresses":[{"ip-address-type":"ipv4","ip-address":"192.0.2.7","prefix":24}]}]}\n')
"#;

/// The status of a plugin in the JSON.
fn plugin<'a>(document: &'a Value, id: &str) -> &'a Value {
    let plugins = document["plugins"].as_array().expect("plugins");
    plugins.iter().find(|plugin| plugin["id"] == id).unwrap_or_else(|| panic!("{document:#}"))
}

#[test]
fn what_only_root_may_open_of_her_machine_reaches_ann_by_sudo() {
    let place = Place::new();
    let web = place.directory();
    let program = place.eve.path().join(QEMU);
    fs::copy("/usr/bin/python3", &program).expect("copy an interpreter");
    let log = web.join("console.log");
    let command_line = [
        ["-drive".to_owned(), format!("file={}/web.qcow2,if=virtio", web.display())],
        ["-netdev".to_owned(), "tap,id=n,ifname=tap7".to_owned()],
        ["-device".to_owned(), "virtio-net,netdev=n,mac=52:54:00:00:00:07".to_owned()],
        ["-qmp".to_owned(), format!("unix:{}/web.qmp,server,nowait", web.display())],
        ["-chardev".to_owned(), format!("socket,id=ga,path={}/web.qga,server=on", web.display())],
        ["-device".to_owned(), "virtserialport,chardev=ga,name=org.qemu.guest_agent.0".to_owned()],
        ["-serial".to_owned(), format!("file:{}", log.display())],
    ];
    let mut child = Command::new(&program)
        .args(["-c", GUEST])
        .args(command_line.concat())
        .env_clear()
        .env("PYTHONHOME", "/usr")
        .env("WEB", &web)
        .stdout(Stdio::piped())
        .spawn()
        .expect("start it");
    let mut line = String::new();
    let said = child.stdout.take().expect("its output");
    let child = Running(child);
    std::io::BufRead::read_line(&mut std::io::BufReader::new(said), &mut line).expect("a line");
    assert_eq!(line, "ready\n");
    fs::write(&log, "web login: \n").expect("write a log");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o600)).expect("close it");

    let document = place.status(As::AnnBySudo);
    let (id, shown) = (child.0.id(), machine(&document));
    assert_eq!((&shown["pid"], &shown["state"]), (&id.into(), &"paused".into()), "{document:#}");
    assert!(shown.to_string().contains("192.0.2.7"), "the agent's word: {document:#}");
    assert_eq!(plugin(&document, "console")["status"], "ok", "{document:#}");
    // Without root's rights nothing of it is seen, and the process is not proven.
    let document = place.status(As::Ann);
    assert_eq!(machine(&document)["state"], Value::Null, "{document:#}");
    assert!(!machine(&document).to_string().contains("192.0.2.7"), "{document:#}");
}
