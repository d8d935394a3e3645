//! Lists nodes of minikube.

use inventory_minikube::{Minikube, parse};
use vmkit_plugin::{ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, machine_lines};

const MACHINES: &str = "/home/ann/.minikube/machines";

fn running(pid: u32, words: &[&str]) -> ProcessAnswer {
    let arguments = words.iter().map(|word| word.replace("{}", MACHINES)).collect();
    ProcessAnswer { pid, user: None, directory: None, arguments }
}

#[test]
fn lists_nodes_of_every_driver() {
    let blockdev = r#"{"driver":"file","filename":"{}/minikube/minikube.rawdisk"}"#;
    let host = FakeHost::new()
        .with_tree("tests/data")
        .with_process(running(41, &["qemu-system-x86_64", "-name", "guest=minikube", blockdev]))
        .with_process(running(42, &["qemu-system-x86_64", "-daemonize", "{}/qemu/disk.qcow2"]))
        .with_process(running(43, &["VBoxHeadless", "--comment", "vbox", "--startvm", "0b6f"]))
        .with_process(running(44, &["vfkit", "--device", "virtio-blk,path={}/mac2/disk.img"]));
    let machines = host.list::<Minikube>("{}").unwrap();
    let lines: Vec<_> = machines.iter().map(machine_lines).collect();
    assert!(lines[0][1].contains("broken/config.json: JSON, line "), "{:?}", lines[0]);
    assert_eq!(
        lines[1],
        [
            &format!("{MACHINES}/mac/config.json mac"),
            "state stopped",
            "absent pid",
            "card ea:d5:38:4b:5e:57 shared - -",
            "username docker",
            &format!("console {MACHINES}/mac/serial.log"),
            "absent monitor",
            "absent ssh",
            &format!("identity-file {MACHINES}/mac/id_rsa"),
            "absent forward",
            &format!("disk {MACHINES}/mac/disk.img"),
            "address 192.168.105.7",
        ]
    );
    assert_eq!(
        lines[2],
        [
            &format!("{MACHINES}/minikube/config.json minikube"),
            "state running",
            "pid 41",
            "card 52:54:00:4b:5e:57 shared - -",
            "card 52:54:00:4b:5e:58 shared - -",
            "username docker",
            "absent console",
            "absent monitor",
            "absent ssh",
            &format!("identity-file {MACHINES}/minikube/id_rsa"),
            "absent forward",
            &format!("disk {MACHINES}/minikube/minikube.rawdisk"),
            "address 192.168.39.124",
        ]
    );
    assert_eq!(
        lines[3],
        [
            &format!("{MACHINES}/qemu/config.json qemu"),
            "state running",
            "pid 42",
            "card - user - -",
            "username docker",
            "absent console",
            &format!("monitor {MACHINES}/qemu/monitor"),
            "ssh 127.0.0.1:38757",
            &format!("identity-file {MACHINES}/qemu/id_rsa"),
            "forward tcp 0.0.0.0:38757 -:22",
            "forward tcp 0.0.0.0:44681 -:2376",
            &format!("disk {MACHINES}/qemu/disk.qcow2"),
            "absent address",
        ]
    );
    assert_eq!(
        lines[4][..3],
        [format!("{MACHINES}/vbox/config.json vbox").as_str(), "state running", "pid 43"]
    );
    assert_eq!(lines.len(), 5);
}

#[test]
fn a_field_that_cannot_be_read_leaves_the_others() {
    let text = br#"{"DriverName": "qemu2", "Driver": {"MachineName": "a\u001bb", "SSHPort": -1,
        "Network": "socket_vmnet", "MACAddress": "52:54", "IPAddress": "1.2.3"}}"#;
    let machine = parse(text).unwrap().unwrap();
    assert_eq!(machine.name, "a\\x1bb");
    assert!(matches!(machine.cards, Reading::Unknown(_)));
    assert!(matches!(machine.addresses, Reading::Unknown(_)));
    assert_eq!(machine.forwards, Reading::Absent);
    for text in ["", "[]", "{}", "{\"DriverName\": 7}", "{\"DriverName\": \"\"}"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}
