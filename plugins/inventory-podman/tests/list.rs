//! Lists machines of podman.

use inventory_podman::{Podman, parse};
use vmkit_plugin::{ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, machine_lines};

const IMAGES: &str = "/home/ann/.local/share/containers/podman/machine";
const FILES: &str = "/home/ann/.config/containers/podman/machine";

fn running(pid: u32, words: &[String]) -> ProcessAnswer {
    ProcessAnswer { pid, user: None, directory: None, arguments: words.to_vec() }
}

#[test]
fn lists_machines_of_every_version() {
    let qemu = ["qemu-system-x86_64", "-drive", "if=virtio,file={}/qemu/old.qcow2"];
    let qemu = qemu.map(|word| word.replace("{}", IMAGES));
    let vfkit = ["vfkit", "--device", "virtio-blk,path={}/applehv/mac-arm64.raw"];
    let vfkit = vfkit.map(|word| word.replace("{}", IMAGES));
    let host = FakeHost::new()
        .with_tree("tests/data")
        .with_process(running(42, &qemu))
        .with_process(running(43, &vfkit));
    let machines = host.list::<Podman>("{}").unwrap();
    let lines: Vec<_> = machines.iter().map(machine_lines).collect();
    assert_eq!(
        lines[0],
        [
            &format!("{FILES}/applehv/mac.json mac"),
            "state running",
            "pid 43",
            "card - user - -",
            "username core",
            "absent monitor",
            "ssh 127.0.0.1:49378",
            &format!("identity-file {IMAGES}/machine"),
            "forward tcp 127.0.0.1:49378 192.168.127.2:22",
            &format!("disk {IMAGES}/applehv/mac-arm64.raw"),
        ]
    );
    assert!(lines[1][1].contains("qemu/broken.json: JSON, line "), "{:?}", lines[1]);
    assert_eq!(
        lines[2],
        [
            &format!("{FILES}/qemu/old.json old"),
            "state running",
            "pid 42",
            "card - user - -",
            "username core",
            "monitor /run/user/1000/podman/qmp_old.sock",
            "ssh 127.0.0.1:40001",
            "identity-file /home/ann/.ssh/old",
            "forward tcp 127.0.0.1:40001 192.168.127.2:22",
            &format!("disk {IMAGES}/qemu/old.qcow2"),
        ]
    );
    assert_eq!(
        lines[3],
        [
            &format!("{FILES}/qemu/podman-machine-default.json podman-machine-default"),
            "state stopped",
            "absent pid",
            "card - user - -",
            "username core",
            "monitor /run/user/1000/podman/qmp_podman-machine-default.sock",
            "ssh 127.0.0.1:38419",
            &format!("identity-file {IMAGES}/machine"),
            "forward tcp 127.0.0.1:38419 192.168.127.2:22",
            &format!("disk {IMAGES}/qemu/podman-machine-default-amd64.qcow2"),
        ]
    );
}

#[test]
fn a_process_of_a_longer_path_is_another_machines() {
    let words = ["qemu-system-x86_64".to_owned(), format!("file={IMAGES}/qemu/old.qcow2.bak")];
    let host = FakeHost::new().with_tree("tests/data").with_process(running(42, &words));
    let machines = host.list::<Podman>("{}").unwrap();
    assert!(machines.iter().all(|machine| machine.pid.as_ref().known().is_none()));
}

#[test]
fn a_field_that_cannot_be_read_leaves_the_others() {
    let machine =
        parse(br#"{"Name": "a\nb", "SSH": {"Port": 70000, "RemoteUsername": []}}"#).unwrap();
    assert_eq!(machine.name, "a\\nb");
    for reading in
        [machine.ssh.map(|_| ()), machine.username.map(|_| ()), machine.state.map(|_| ())]
    {
        assert!(matches!(reading, Reading::Unknown(_)), "{reading:?}");
    }
    assert_eq!(machine.disks, Reading::Absent);
    for text in ["", "[]", "{}", "null", "{\"Name\": null}", "{\"a\": [[[["] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}
