//! Machines of other managers than vm-toolkit, through the inventories that come with vmkit.
//!
//! The processes are shells under QEMU's name: what is tested is what `vm` makes of their command lines.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::{Child, Command, Stdio},
    thread,
};

use vmkit_cli_tests::{DataDirectory, Output, vm};

/// Another user, whom the user database need not know.
const EVE: u32 = 41_003;
const MAC: &str = "52:54:00:a1:b2:c3";

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A program under QEMU's name, and its processes.
struct Qemus {
    place: tempfile::TempDir,
    running: Vec<Running>,
}

impl Qemus {
    fn new() -> Self {
        let place = tempfile::Builder::new().prefix("vmkit-qemu-").tempdir().expect("a directory");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("open it");
        fs::copy("/bin/sh", place.path().join("qemu-system-x86_64")).expect("copy a shell");
        Self { place, running: Vec::new() }
    }

    /// Starts one that waits for its input, with these arguments of QEMU.
    fn start(&mut self, user: u32, arguments: &[&str]) {
        let child = Command::new(self.place.path().join("qemu-system-x86_64"))
            .args(["-c", "read line"])
            .args(arguments)
            .uid(user)
            .stdin(Stdio::piped())
            .spawn()
            .expect("start a shell");
        self.running.push(Running(child));
    }
}

/// Runs `vm` for these managers.
fn run(data: &DataDirectory, managers: &[&str], arguments: &[&str]) -> Output {
    let root = data.path("");
    let mut command = Command::new(vm());
    command.args(["--timeout", "60", "--data-dir"]).arg(root);
    for manager in managers {
        command.args(["--manager", manager]);
    }
    let output = command.args(arguments).env_clear().env("HOME", "/nonexistent").output();
    let output = output.expect("start vm");
    let text = |bytes| String::from_utf8(bytes).expect("vm prints UTF-8");
    let output = Output {
        status: output.status.code().expect("vm exits"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    output.assert_harmless();
    output
}

/// A name that no machine of another test has.
fn name(of: &str) -> String {
    format!("{of}-{}", std::process::id())
}

#[test]
fn a_machine_behind_user_networking_is_reached_at_its_forwarded_port() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("its address").port();
    thread::spawn(move || {
        for client in server.incoming() {
            client.and_then(|mut client| client.write_all(b"SSH-2.0-test\r\n")).ok();
        }
    });
    let (mut qemus, data, name) = (Qemus::new(), DataDirectory::new(), name("forwarded"));
    let netdev = format!("user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:22");
    let device = format!("virtio-net-pci,netdev=n0,mac={MAC}");
    qemus.start(0, &["-name", &name, "-netdev", &netdev, "-device", &device]);
    let endpoint = format!("127.0.0.1:{port}");

    let machine = run(&data, &["qemu"], &["status", &name, "--json"]);
    assert_eq!(machine.status, 0, "{machine:?}");
    let machine = machine.machine(&name);
    assert_eq!(machine["manager"], "qemu");
    assert_eq!((&machine["state"], &machine["ip"]), (&"running".into(), &().into()), "{machine}");
    assert_eq!(machine["endpoint"], endpoint.as_str());
    assert_eq!(machine["ssh"]["banner"], "SSH-2.0-test");

    let text = run(&data, &["qemu"], &["status", &name]).stdout;
    assert!(text.contains(&format!("{endpoint} (forwarded)  ready")), "{text}");
    let resolved = run(&data, &["qemu"], &["resolve", &name, "--endpoint"]);
    assert_eq!((resolved.status, resolved.stdout.trim()), (0, endpoint.as_str()), "{resolved:?}");
    // A script that asks for an address gets none, and must not go on.
    let resolved = run(&data, &["qemu"], &["resolve", &format!("qemu/{name}")]);
    assert_eq!((resolved.status, resolved.stdout.as_str()), (1, ""), "{resolved:?}");
    let entries = run(&data, &["qemu"], &["ssh-config"]).stdout;
    assert!(entries.contains(&format!("--manager qemu ssh-connect {name} %p")), "{entries}");
}

#[test]
fn a_strangers_process_answers_for_no_machine_of_its_name() {
    let (mut qemus, data, name) = (Qemus::new(), DataDirectory::new(), name("web"));
    data.add(&name);
    let disk = format!("file={}", data.path(&format!("vms/{name}/{name}.qcow2")).display());
    let device = format!("virtio-net-pci,netdev=n0,mac={MAC}");
    let network = ["-netdev", "user,id=n0,hostfwd=tcp:127.0.0.1:9-:22", "-device", &device];
    qemus.start(EVE, &[&["-name", &name, "-drive", &disk], &network[..]].concat());
    let managers = ["vm-toolkit", "qemu"];
    let foreign = format!("qemu/{name}");
    let status = run(&data, &managers, &["status", "--json"]);
    let (own, strangers) = (status.machine(&name), status.machine(&foreign));
    assert_eq!((&own["manager"], &own["foreign"]), (&"vm-toolkit".into(), &false.into()));
    assert_ne!(own["state"], "running", "{own}");
    assert_eq!((&own["endpoint"], &own["ip"]), (&().into(), &().into()), "{own}");
    assert_eq!((&strangers["foreign"], &strangers["mac"]), (&true.into(), &().into()));
    assert_eq!(strangers["endpoints"], serde_json::json!([]), "{strangers}");
    let note = strangers["notes"][0].as_str().expect("a note");
    assert!(note.contains(&format!("user {EVE}")), "{note}");
    let ssh = run(&data, &managers, &["resolve", "--endpoint", &foreign]);
    assert_eq!((ssh.status, ssh.stdout.as_str()), (3, ""), "{ssh:?}");
    let entries = run(&data, &managers, &["ssh-config"]).stdout;
    assert!(!entries.contains("qemu/"), "{entries}");
}

#[test]
fn names_that_clash_are_qualified_and_the_qualified_ones_always_accepted() {
    let (mut qemus, data, name) = (Qemus::new(), DataDirectory::new(), name("db"));
    data.add(&name);
    qemus.start(0, &["-name", &name, "-netdev", "user,id=n0"]);
    let managers = ["vm-toolkit", "qemu"];
    let text = run(&data, &managers, &["status", "--basic"]).stdout;
    assert!(text.contains("MANAGER"), "{text}");
    for manager in managers {
        assert!(text.contains(&format!("{manager}/{name}")), "{text}");
    }
    let ambiguous = run(&data, &managers, &["status", "--basic", &name]);
    assert_eq!(ambiguous.status, 2, "{ambiguous:?}");
    assert!(ambiguous.stderr.contains(&format!("qemu/{name}, vm-toolkit/{name}")), "{ambiguous:?}");
    // Where one manager alone is wanted, its names are plain.
    let alone = run(&data, &["qemu"], &["status", "--basic", "--json", &format!("qemu/{name}")]);
    assert_eq!(alone.machine(&name)["manager"], "qemu");
    let unknown = run(&data, &["no-such-manager"], &["status"]);
    assert_eq!(unknown.status, 2, "{unknown:?}");
}
