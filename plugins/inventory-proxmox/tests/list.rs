//! Lists machines of Proxmox VE.

use inventory_proxmox::{Proxmox, parse};
use vmkit_plugin::{ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, machine_lines};

const FILES: &str = "/etc/pve/qemu-server";

fn kvm(number: &str, user: u32) -> ProcessAnswer {
    let words = [
        "/usr/bin/kvm",
        "-id",
        number,
        "-name",
        "web,debug-threads=on",
        "-no-shutdown",
        "-chardev",
        "socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off",
        "-mon",
        "chardev=qmp,mode=control",
        "-chardev",
        "socket,path=/var/run/qemu-server/100.qga,server=on,wait=off,id=qga0",
        "-device",
        "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0",
        "-pidfile",
        "/var/run/qemu-server/100.pid",
        "-daemonize",
        "-netdev",
        "type=tap,id=net0,ifname=tap100i0,script=/usr/libexec/qemu-server/pve-bridge,vhost=on",
        "-device",
        "virtio-net-pci,mac=BC:24:11:4B:5E:57,netdev=net0,bus=pci.0,addr=0x12,id=net0",
    ];
    let arguments = words.iter().map(|word| (*word).to_owned()).collect();
    ProcessAnswer { pid: 42, user: Some(user), directory: None, arguments }
}

#[test]
fn lists_machines_as_they_are_configured_now() {
    let host = FakeHost::new().with_tree("tests/data").with_process(kvm("100", 0));
    let machines = host.list::<Proxmox>("{}").unwrap();
    let lines: Vec<_> = machines.iter().map(machine_lines).collect();
    assert_eq!(
        lines[0],
        [
            &format!("{FILES}/100.conf web"),
            "state running",
            "pid 42",
            "card bc:24:11:4b:5e:57 bridged vmbr0 tap100i0",
            "card bc:24:11:4b:5e:58 bridged vmbr1 tap100i1",
            "card bc:24:11:4b:5e:59 user - -",
            "hostname web",
            "username ann",
            "absent console",
            "monitor /var/run/qemu-server/100.qmp",
            "guest-agent /var/run/qemu-server/100.qga",
            "absent ssh",
            "absent forward",
            "disk /dev/disk/by-id/ata-DISK",
            "address 192.168.1.7",
            "address fd00::7",
        ]
    );
    assert_eq!(
        lines[1][..4],
        [
            &format!("{FILES}/101.conf VM 101"),
            "state stopped",
            "absent pid",
            &format!(
                "unknown card malformed {FILES}/101.conf: net0: the MAC `BC:24:11` is not six octets in \
                 hexadecimal"
            ),
        ]
    );
    assert_eq!(lines[2][0], format!("{FILES}/102.conf 102"));
    assert!(lines[2][1].ends_with("102.conf: lines of pairs, line 1: is not UTF-8"), "{lines:?}");
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_process_of_a_user_or_of_another_number_is_not_the_machines() {
    for process in [kvm("100", 1000), kvm("1000", 0), kvm("", 0)] {
        let host = FakeHost::new().with_tree("tests/data").with_process(process);
        let machines = host.list::<Proxmox>("{}").unwrap();
        assert_eq!(machine_lines(&machines[0])[1], "state stopped");
    }
}

/// A computer on which the folder of configurations cannot be listed: it leads to itself.
fn unreadable() -> std::io::Result<tempfile::TempDir> {
    let place = tempfile::tempdir()?;
    let folder = place.path().join("etc/pve");
    std::fs::create_dir_all(&folder)?;
    std::os::unix::fs::symlink("qemu-server", folder.join("qemu-server"))?;
    Ok(place)
}

#[test]
fn without_roots_rights_running_machines_are_seen_with_the_reason() {
    let place = unreadable().unwrap();
    let host = FakeHost::new().with_tree(&place).with_process(kvm("100", 0));
    let machines = host.list::<Proxmox>("{}").unwrap();
    assert_eq!(
        machine_lines(&machines[0])[..9],
        [
            &format!("{FILES}/100.conf web"),
            "state running",
            "pid 42",
            "card bc:24:11:4b:5e:57 bridged - tap100i0",
            "absent console",
            "monitor /var/run/qemu-server/100.qmp",
            "guest-agent /var/run/qemu-server/100.qga",
            "absent ssh",
            "absent forward",
        ]
    );
    let error = FakeHost::new().with_tree(&place).list::<Proxmox>("{}").unwrap_err();
    assert!(error.message.starts_with("list /etc/pve/qemu-server/*.conf: "), "{error}");
}

#[test]
fn hostile_configurations_are_bounded() {
    let many: Vec<String> =
        (0..5000).map(|index| format!("net{index}: virtio,bridge=a b")).collect();
    let machine = parse(many.join("\n").as_bytes()).unwrap();
    assert_eq!(machine.cards.known().unwrap().len(), 32);
    let machine =
        parse(b"name: a\x1bb\nipconfig0: ip=999.1.1.1,ip6,,=\nnet0: ,,,\nscsi0: ,").unwrap();
    assert_eq!((machine.name.as_str(), machine.addresses), ("a\\x1bb", Reading::Known(vec![])));
    for text in ["", "#", "[a]\nname: b", "no pair"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}
