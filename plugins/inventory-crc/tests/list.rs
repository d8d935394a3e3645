//! Lists the machine of OpenShift Local.

use inventory_crc::{Crc, parse};
use vmkit_plugin::{ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, machine_lines};

const FOLDER: &str = "/home/ann/.crc/machines/crc";

fn running(words: &[&str]) -> ProcessAnswer {
    let arguments = words.iter().map(|word| word.replace("{}", FOLDER)).collect();
    ProcessAnswer { pid: 42, user: None, directory: None, arguments }
}

#[test]
fn behind_its_daemon_it_is_reached_at_loopback() {
    let process = running(&["/home/ann/.crc/bin/vfkit", "--device", "virtio-blk,path={}/crc.img"]);
    let host = FakeHost::new().with_tree("tests/data/macos").with_process(process);
    let machines = host.list::<Crc>("{}").unwrap();
    assert_eq!(
        machine_lines(&machines[0]),
        [
            &format!("{FOLDER}/config.json crc"),
            "state running",
            "pid 42",
            "card - user - -",
            "username core",
            &format!("console {FOLDER}/vfkit.log"),
            "ssh 127.0.0.1:2222",
            &format!("identity-file {FOLDER}/id_ed25519"),
            "forward tcp 127.0.0.1:2222 192.168.127.2:22",
            "forward tcp 127.0.0.1:6443 192.168.127.2:6443",
            "forward tcp 127.0.0.1:443 192.168.127.2:443",
            "forward tcp 127.0.0.1:80 192.168.127.2:80",
            &format!("disk {FOLDER}/crc.img"),
            "absent address",
        ]
    );
}

#[test]
fn in_a_network_of_libvirt_it_has_an_address() {
    let host = FakeHost::new().with_tree("tests/data/linux").with_process(running(&["qemu-kvm"]));
    let machines = host.list::<Crc>("{}").unwrap();
    assert_eq!(
        machine_lines(&machines[0]),
        [
            &format!("{FOLDER}/config.json crc"),
            "state stopped",
            "absent pid",
            "card 52:fd:fc:07:21:82 shared - -",
            "username core",
            "absent console",
            "absent ssh",
            &format!("identity-file {FOLDER}/id_ecdsa"),
            "absent forward",
            &format!("disk {FOLDER}/crc.qcow2"),
            "address 192.168.130.11",
        ]
    );
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let machine =
        parse(br#"{"DriverName": "libvirt", "Driver": {"Network": "crc", "IPAddress": "x"}}"#);
    let machine = machine.unwrap();
    assert!(matches!(machine.addresses, Reading::Unknown(_)));
    assert!(matches!(machine.state, Reading::Unknown(_)));
    for text in ["", "[]", "{}", "{\"DriverName\": []}", "{\"DriverName\""] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}
