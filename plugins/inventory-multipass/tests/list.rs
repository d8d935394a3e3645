//! Lists instances of Multipass.

use std::os::unix::fs::symlink;

use inventory_multipass::{LINUX, MACOS, Multipass, parse};
use vmkit_plugin::{ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, assert_declares, machine_lines};

const VAULT: &str = "/var/snap/multipass/common/data/multipassd/vault/instances";

fn qemu(user: u32) -> ProcessAnswer {
    let words = [
        "/snap/multipass/1/usr/bin/qemu-system-x86_64",
        "--enable-kvm",
        "-nic",
        "tap,ifname=tap-1a2b3c4d5e6,script=no,downscript=no,model=virtio-net-pci,mac=52:54:00:4b:5e:57",
        "-nic",
        "bridge,br=br-eth0,model=virtio-net-pci,mac=52:54:00:4b:5e:58,helper=/snap/multipass/1/bin/bridge_helper",
        "-device",
        "scsi-hd,drive=hda,bus=scsi0.0",
        "-drive",
        "file={}/web/ubuntu-24.04-server-cloudimg-amd64.img,if=none,format=qcow2,discard=unmap,id=hda",
        "-cdrom",
        "{}/web/cloud-init-config.iso",
    ];
    let arguments = words.iter().map(|word| word.replace("{}", VAULT)).collect();
    ProcessAnswer { pid: 42, user: Some(user), directory: None, arguments }
}

#[test]
fn lists_instances_that_are_not_deleted() {
    let host = FakeHost::new().with_tree("tests/data/linux").with_process(qemu(0));
    let machines = host.list::<Multipass>("{}").unwrap();
    let lines: Vec<_> = machines.iter().map(machine_lines).collect();
    let key = "identity-file /var/snap/multipass/common/data/multipassd/ssh-keys/id_rsa";
    assert_eq!(
        lines[0],
        [
            "db db",
            "state stopped",
            "absent pid",
            &format!(
                "unknown card malformed {}: /mac_addr: the MAC `52:54:00:00:00` is not six octets in \
                 hexadecimal",
                LINUX.instances()
            ),
            "hostname db",
            "username ubuntu",
            "absent ssh",
            key,
            "absent forward",
            "absent disk",
        ]
    );
    assert!(lines[1][1].ends_with("instances.json: odd is not an object"), "{:?}", lines[1]);
    assert_eq!(
        lines[2],
        [
            "web web",
            "state running",
            "pid 42",
            "card 52:54:00:4b:5e:57 shared mpqemubr0 tap-1a2b3c4d5e6",
            "card 52:54:00:4b:5e:58 bridged br-eth0 -",
            "hostname web",
            "username ubuntu",
            "absent ssh",
            key,
            "absent forward",
            &format!("disk {VAULT}/web/ubuntu-24.04-server-cloudimg-amd64.img"),
        ]
    );
    assert_eq!(lines.len(), 3);
}

/// A computer on which the file of instances cannot be opened: it leads nowhere.
fn unreadable() -> std::io::Result<tempfile::TempDir> {
    let place = tempfile::tempdir()?;
    let file = place.path().join(LINUX.instances().trim_start_matches('/'));
    std::fs::create_dir_all(file.parent().unwrap_or(&file))?;
    symlink(&file, &file)?;
    Ok(place)
}

#[test]
fn without_roots_rights_running_instances_are_seen_with_the_reason() {
    let place = unreadable().unwrap();
    let host = FakeHost::new().with_tree(&place).with_process(qemu(0));
    let machines = host.list::<Multipass>("{}").unwrap();
    let lines = machine_lines(&machines[0]);
    assert_eq!(
        lines[..5],
        [
            "web web",
            "state running",
            "pid 42",
            "card 52:54:00:4b:5e:57 shared mpqemubr0 tap-1a2b3c4d5e6",
            "card 52:54:00:4b:5e:58 bridged br-eth0 -",
        ]
    );
    assert!(lines[6].starts_with("unknown username failed open "), "{lines:?}");
    assert_eq!(
        machines[0].disks,
        Reading::Known(vec![format!("{VAULT}/web/ubuntu-24.04-server-cloudimg-amd64.img")])
    );
}

#[test]
fn without_any_machine_the_list_is_an_error_that_names_the_file() {
    let place = unreadable().unwrap();
    for processes in [vec![], vec![qemu(1000)]] {
        let host = FakeHost::new().with_tree(&place);
        let host = processes.into_iter().fold(host, FakeHost::with_process);
        let error = host.list::<Multipass>("{}").unwrap_err();
        assert!(error.message.contains("multipassd-vm-instances.json"), "{error}");
    }
}

#[test]
fn hostile_files_are_bounded_and_named() {
    let many: Vec<String> = (0..3000).map(|n| format!("\"web{n}\": {{}}")).collect();
    assert_eq!(parse(format!("{{{}}}", many.join(",")).as_bytes()).unwrap().len(), 1024);
    let odd =
        parse(br#"{"a\u001b\n": {"state": 4, "extra_interfaces": "x", "mac_addr": 7}}"#).unwrap();
    assert_eq!(odd[0].name, "a\\x1b");
    assert!(matches!(odd[0].cards, Reading::Unknown(_)));
    assert_eq!(odd[0].state.as_ref().map(|state| state.code()), Reading::Known("running"));
    assert!(odd[0].disks == Reading::Absent && odd[0].username == Reading::Absent);
    for text in ["", "[]", "7", "{\"a\": ", "\u{feff}"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn the_manifest_names_the_places() {
    for places in [LINUX, MACOS] {
        let manifest = include_str!("../plugin.json");
        assert_declares(manifest, &[places.instances().as_str(), places.images().as_str()]);
    }
}
