//! A QEMU that was handed its port as an open descriptor: the kernel says which interface that is.
#![cfg(target_os = "linux")]

use std::{fs, os::unix::fs::chown};

use serde_json::{Value, json};
use vmkit_lab::{
    Finished, GuestKind, GuestPlan, Lab, LabError, PATIENCE, Process, finish, or_skip, run,
    wait_until,
};

/// Somebody without rights, and without an account.
const ANN: u32 = 12_345;

/// Opens a port, and becomes a user's QEMU that inherits it as descriptor 9. A tap is opened by its name,
/// a macvtap by its device, whose node each system makes in its own way.
const HANDS_OVER: &str = r#"
import fcntl, os, struct, sys
user, kind, port, *qemu = sys.argv[1:]
if kind == "tap":
    held = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(held, 0x400454CA, struct.pack("16sH22x", port.encode(), 0x1002))
else:
    folder = f"/sys/class/net/{port}/macvtap"
    number = open(f"{folder}/{os.listdir(folder)[0]}/dev").read().strip().split(":")
    node = f"{sys.argv[0]}.{port}"
    os.mknod(node, 0o20600, os.makedev(*map(int, number)))
    held = os.open(node, os.O_RDWR)
os.dup2(held, 9, inheritable=True)
os.setgroups([])
os.setresgid(int(user), int(user), int(user))
os.setresuid(int(user), int(user), int(user))
os.execvp(qemu[0], qemu)
"#;

/// A QEMU of this user that runs the registered machine's files on this port.
fn start(lab: &mut Lab, plan: &GuestPlan, user: u32, kind: &str, port: &str) -> Process {
    lab.register(plan).expect("a registered VM");
    let folder = lab.data_dir().join("vms").join(&plan.name);
    fs::create_dir_all(&folder).expect("a folder");
    let file = |extension: &str| folder.join(format!("{}.{extension}", plan.name));
    run(std::process::Command::new("qemu-img").args(["create", "-q"]).arg(file("qcow2")).arg("1M"))
        .expect("a disk");
    for path in [&folder, &file("qcow2")] {
        chown(path, Some(user), Some(user)).expect("the user's");
    }
    let script = lab.folder().join("hand-over.py");
    fs::write(&script, HANDS_OVER).expect("a script");
    let mut command = lab.host().command("python3");
    command.arg(script).args([&user.to_string(), kind, port, "qemu-system-x86_64"]);
    command.args(["-S", "-display", "none", "-nodefaults", "-accel", "tcg", "-m", "32"]);
    command.args(["-drive", &format!("file={},if=none,id=d,format=raw", file("qcow2").display())]);
    command.args(["-pidfile", &file("pid").display().to_string()]);
    command.args(["-netdev", "tap,id=net0,fd=9"]);
    command.args(["-device", &format!("virtio-net-pci,netdev=net0,mac={},romfile=", plan.mac())]);
    let log = lab.folder().join(format!("{}.log", plan.name));
    let process = Process::start(&mut command, &log).expect("a QEMU");
    wait_until(PATIENCE, "a QEMU with its files", || -> Result<bool, LabError> {
        Ok(file("pid").exists())
    })
    .unwrap_or_else(|error| panic!("{error}: {}", fs::read_to_string(&log).unwrap_or_default()));
    process
}

/// How `vm`, run by sudo of this user, says that the machines are connected: mode, interface and port.
fn connections(lab: &Lab, user: u32) -> Value {
    let mut command = lab.vm_command(&["status", "--basic", "--json"]);
    let user = user.to_string();
    command.envs([("SUDO_UID", &user), ("SUDO_GID", &user)]);
    let Finished { stdout, stderr, .. } = finish(&mut command).expect("a status");
    let report: Value = serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {stdout}{stderr}"));
    let machines = report["vms"].as_array().expect("machines").iter();
    let card = |vm: &Value| {
        let card = &vm["cards"][0];
        json!([vm["name"], card["mode"], card["interface"], card["port"]])
    };
    machines.map(card).collect()
}

#[test]
fn names_the_port_bridge_and_adapter_of_a_qemu_that_was_handed_its_port() {
    let Some(mut lab) = or_skip(Lab::new("handed-ports")) else { return };
    let host = lab.host();
    host.ip("link add vmkit0 type bridge").expect("the bridge of shared mode");
    host.ip("link add wire0 type veth peer name wire1").expect("an adapter");
    host.ip("link add link wire0 name mv0 type macvtap").expect("a macvtap");
    for (tap, bridge) in [("t-bridged", "br0"), ("t-shared", "vmkit0"), ("t-root", "br0")] {
        host.ip(&format!("tuntap add dev {tap} mode tap")).expect("a tap");
        host.ip(&format!("link set {tap} master {bridge} up")).expect("a port");
    }
    let rows = [
        ("bridged", ANN, "tap", "t-bridged"),
        ("macvtap", ANN, "macvtap", "mv0"),
        ("of-root", 0, "tap", "t-root"),
        ("shared", ANN, "tap", "t-shared"),
    ];
    let machines: Vec<Process> = rows
        .iter()
        .map(|(name, user, kind, port)| {
            start(&mut lab, &GuestPlan::new(name, GuestKind::Process), *user, kind, port)
        })
        .collect();

    let expected = json!([
        ["bridged", "bridged", "br0", "t-bridged"],
        ["macvtap", "bridged", "wire0", "mv0"],
        ["of-root", "bridged", "br0", "t-root"],
        ["shared", "shared", "vmkit0", "t-shared"],
    ]);
    assert_eq!(connections(&lab, ANN), expected);
    // A macvtap is a port and no adapter.
    let shown = lab.vm(&["net", "--json"]).expect("the adapters");
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    let adapters = shown["adapters"].as_array().expect("adapters").iter();
    let how: Vec<_> = adapters.map(|it| json!([it["name"], it["how"], it["uplink"]])).collect();
    let expected = [
        json!(["br0", "tap", "en0"]),
        json!(["wire0", "macvtap", null]),
        json!(["wire1", "macvtap", null]),
        json!(["en0", null, null]),
        json!(["vmkit0", null, null]),
    ];
    assert_eq!(how, expected, "{shown:#}");
    drop(machines);
}
