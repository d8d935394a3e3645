//! A computer with machines of several managers at once.
#![cfg(target_os = "linux")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use vmkit_lab::{
    Domain, Finished, GuestKind, GuestPlan, Lab, LabError, PATIENCE, Process, finish, or_skip, run,
    wait_until,
};

/// What managers of the user's home keep, and where. Each is as the manager writes it, shortened.
const HOME: &[(&str, &str)] = &[
    (
        "quickemu/ubuntu.conf",
        "guest_os=\"linux\"\ndisk_img=\"ubuntu/disk.qcow2\"\niso=\"ubuntu/ubuntu.iso\"\n",
    ),
    ("quickemu/ubuntu/ubuntu.ports", "ssh,22220\nspice,5930\n"),
    (".lima/default/lima.yaml", "vmType: qemu\nssh:\n  localPort: 60022\n"),
    (
        ".config/VirtualBox/VirtualBox.xml",
        "<VirtualBox xmlns=\"http://www.virtualbox.org/\" version=\"1.12-linux\"><Global>\
         <MachineRegistry><MachineEntry uuid=\"{6c1fda7c-1c2e-4a0e-9d4c-3c3c0a3b2f10}\" \
         src=\"$HOME/VirtualBox VMs/box/box.vbox\"/></MachineRegistry></Global></VirtualBox>",
    ),
    (
        "VirtualBox VMs/box/box.vbox",
        "<VirtualBox xmlns=\"http://www.virtualbox.org/\" version=\"1.19-linux\">\
         <Machine uuid=\"{6c1fda7c-1c2e-4a0e-9d4c-3c3c0a3b2f10}\" name=\"box\"><Hardware><Network>\
         <Adapter slot=\"0\" enabled=\"true\" MACAddress=\"080027ABCDEF\"><NAT>\
         <Forwarding name=\"ssh\" proto=\"1\" hostport=\"2200\" guestport=\"22\"/></NAT></Adapter>\
         </Network></Hardware></Machine></VirtualBox>",
    ),
];

/// Somebody who uses this computer without rights.
const USER: &str = "65534";

/// The user's home directory with what managers keep there.
fn home(lab: &Lab) -> PathBuf {
    let home = lab.folder().join("home");
    write_home(&home);
    run(Command::new("chown").args(["-R", USER]).arg(&home)).expect("a home of the user's");
    home
}

/// A program that the user starts.
fn as_user(lab: &Lab, program: &Path) -> Command {
    let mut command = lab.host().command("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]).arg(program);
    command.env("HOME", lab.folder().join("home"));
    command
}

/// Runs `vm` as the user, with a deadline for a busy computer.
fn vm(lab: &Lab, arguments: &[&str]) -> Finished {
    let mut command = as_user(lab, &lab.vm_path());
    command.args(["--timeout", "10", "--data-dir"]).arg(lab.data_dir()).args(arguments);
    finish(&mut command).expect("an answer")
}

fn write_home(home: &Path) {
    for (path, text) in HOME {
        let path = home.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text.replace("$HOME", &home.display().to_string())).expect("a file");
    }
}

/// A QEMU that somebody started, whose SSH server is reached at port 2222 of this computer.
fn plain_qemu(lab: &Lab, home: &Path) -> Process {
    let mut command = as_user(lab, Path::new("qemu-system-x86_64"));
    command.args(["-name", "plain", "-display", "none", "-nodefaults"]);
    command.args(lab.linux("plain").expect("a Linux"));
    let console = home.join("plain.log");
    command.args(["-serial", &format!("file:{}", console.display())]);
    command.args(["-nic", "user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:2222-:22"]);
    let qemu = Process::start(&mut command, &lab.folder().join("qemu.log")).expect("a QEMU");
    wait_until(
        PATIENCE,
        "an SSH server behind the forwarded port",
        || -> Result<bool, LabError> {
            let mut client = lab.host().command("busybox");
            let greeting = finish(client.args(["nc", "-w", "2", "127.0.0.1", "2222"]))?;
            Ok(greeting.stdout.starts_with("SSH-2.0"))
        },
    )
    .expect("a greeting");
    qemu
}

#[test]
fn lists_machines_of_six_managers_and_reaches_one_by_a_forwarded_port() {
    let Some(mut lab) = or_skip(Lab::new("managers")) else { return };
    let Some(libvirt) = or_skip(lab.start_libvirt()) else { return };
    let mac = "52:54:00:00:00:0d".parse().expect("a MAC");
    let domain = Domain { name: "domain", mac, source: "network='default'", boots: false };
    libvirt.define(lab.host(), &domain).expect("a domain");
    libvirt.run(lab.host(), &["start", "domain"]).expect("a start");
    let plan = GuestPlan::new("toolkit", GuestKind::Process);
    lab.start(&plan).expect("a guest").stop().expect("an end");
    let _plain = plain_qemu(&lab, &home(&lab));

    println!("{}", vm(&lab, &["status"]).stdout);
    let finished = vm(&lab, &["status", "--json"]);
    let report: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    let machines = report["vms"].as_array().expect("machines").iter();
    let rows: Vec<Value> =
        machines.map(|machine| json!([machine["name"], machine["manager"]])).collect();
    let expected = [
        ("box", "virtualbox"),
        ("default", "lima"),
        ("domain", "libvirt"),
        ("plain", "qemu"),
        ("toolkit", "vm-toolkit"),
        ("ubuntu", "quickemu"),
    ];
    assert_eq!(rows, expected.map(|(name, manager)| json!([name, manager])), "{report:#}");
    let endpoint = vm(&lab, &["resolve", "plain", "--endpoint"]);
    assert_eq!(endpoint.stdout, "127.0.0.1:2222", "{endpoint:#?}");
}
