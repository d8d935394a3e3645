//! Lists machines of quickemu.

use inventory_quickemu::{LINUX, MACOS, Quickemu, parse};
use vmkit_plugin::{ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, assert_declares, machine_lines};

const FILES: &str = "/home/ann/quickemu";

fn qemu(pid: u32, directory: Option<&str>, files: &str, name: &str) -> ProcessAnswer {
    let words = [
        "/usr/bin/qemu-system-x86_64",
        "-name",
        "NAME,process=NAME",
        "-machine",
        "q35,smm=off,vmport=off,accel=kvm",
        "-pidfile",
        "FILES/NAME.pid",
        "-chardev",
        "socket,id=agent0,path=FILES/NAME-agent.sock,server=on,wait=off",
        "-device",
        "virtserialport,chardev=agent0,name=org.qemu.guest_agent.0",
        "-device",
        "virtio-net,netdev=nic",
        "-netdev",
        "user,hostname=NAME,hostfwd=tcp::22220-:22,hostfwd=udp::22220-:22,id=nic",
        "-drive",
        "id=SystemDisk,if=none,format=qcow2,file=FILES/disk.qcow2",
        "-monitor",
        "unix:FILES/NAME-monitor.socket,server,nowait",
        "-serial",
        "unix:FILES/NAME-serial.socket,server,nowait",
    ];
    let word = |word: &&str| word.replace("NAME", name).replace("FILES", files);
    let arguments = words.iter().map(word).collect();
    ProcessAnswer { pid, user: None, directory: directory.map(str::to_owned), arguments }
}

#[test]
fn lists_machines_of_the_usual_folders_and_of_processes() {
    let host = FakeHost::new()
        .with_tree("tests/data")
        .with_process(qemu(42, Some("/srv/vms"), "fedora", "fedora"))
        .with_process(qemu(43, Some("/home/ann/quickemu"), "bridged", "bridged"));
    let machines = host.list::<Quickemu>("{}").unwrap();
    let lines: Vec<_> = machines.iter().map(machine_lines).collect();
    assert_eq!(
        lines[0],
        [
            &format!("{FILES}/bridged.conf bridged"),
            "state running",
            "pid 43",
            "card 52:54:00:4b:5e:57 bridged br0 -",
            "absent username",
            "absent console",
            "absent monitor",
            &format!("guest-agent {FILES}/bridged/bridged-agent.sock"),
            "ssh 127.0.0.1:22220",
            "forward tcp 0.0.0.0:22220 -:22",
            "forward udp 0.0.0.0:22220 -:22",
            &format!("disk {FILES}/bridged/disk.qcow2"),
        ]
    );
    assert_eq!(lines[1][0], format!("{FILES}/broken.conf broken"));
    assert!(lines[1][1].ends_with("`port_forwards` has a list that does not end"), "{lines:?}");
    let shell = format!("malformed {FILES}/shell.conf: only a shell knows the value of disk_img");
    assert_eq!(
        lines[2],
        [
            &format!("{FILES}/shell.conf shell"),
            "state stopped",
            "absent pid",
            "card - user - -",
            "absent username",
            "absent console",
            "absent monitor",
            "absent guest-agent",
            "ssh 127.0.0.1:2300",
            "forward tcp 0.0.0.0:2300 -:22",
            &format!("unknown disk {shell}"),
        ]
    );
    assert_eq!(
        lines[3],
        [
            &format!("{FILES}/ubuntu-24.04.conf ubuntu-24.04"),
            "state stopped",
            "absent pid",
            "card - user - -",
            "absent username",
            "absent console",
            "absent monitor",
            "absent guest-agent",
            "ssh 127.0.0.1:22221",
            "forward tcp 0.0.0.0:22221 -:22",
            "forward tcp 0.0.0.0:8080 -:80",
            "forward udp 0.0.0.0:8080 -:80",
            "forward tcp 0.0.0.0:2022 -:2022",
            "forward udp 0.0.0.0:2022 -:2022",
            &format!("disk {FILES}/ubuntu-24.04/disk.qcow2"),
        ]
    );
    assert_eq!(
        lines[4],
        [
            "/srv/vms/fedora/fedora.pid fedora",
            "state running",
            "pid 42",
            "card - user - -",
            "absent username",
            "absent console",
            "absent monitor",
            "guest-agent /srv/vms/fedora/fedora-agent.sock",
            "ssh 127.0.0.1:22220",
            "forward tcp 0.0.0.0:22220 -:22",
            "forward udp 0.0.0.0:22220 -:22",
            "disk /srv/vms/fedora/disk.qcow2",
        ]
    );
    assert_eq!(lines.len(), 5);
}

#[test]
fn a_process_is_a_machines_by_its_pid_file() {
    let rows = [
        (qemu(7, Some(FILES), "ubuntu-24.04", "ubuntu-24.04"), true),
        (qemu(7, None, &format!("{FILES}/ubuntu-24.04"), "ubuntu-24.04"), true),
        (qemu(7, None, "ubuntu-24.04", "ubuntu-24.04"), false),
        (qemu(7, Some("/elsewhere"), "ubuntu-24.04", "ubuntu-24.04"), false),
        (qemu(7, Some(FILES), "ubuntu-24.04", "other"), false),
        (
            ProcessAnswer {
                user: Some(u32::MAX),
                ..qemu(7, Some(FILES), "ubuntu-24.04", "ubuntu-24.04")
            },
            false,
        ),
    ];
    for (process, expected) in rows {
        let host = FakeHost::new().with_tree("tests/data").with_process(process.clone());
        let machines = host.list::<Quickemu>("{}").unwrap();
        let machine = machines.iter().find(|machine| machine.id.ends_with("04.conf")).unwrap();
        assert_eq!(machine.pid == Reading::Known(7), expected, "{process:?}");
    }
}

#[test]
fn a_qemu_of_others_is_no_machine_of_quickemu() {
    let mut process = qemu(7, Some("/srv"), "web", "web");
    process.arguments.retain(|word| !word.contains("socket") && !word.contains("process="));
    let nowhere = tempfile::tempdir().unwrap();
    let host = FakeHost::new().with_tree(&nowhere).with_process(process);
    assert_eq!(host.list::<Quickemu>("{}"), Ok(Vec::new()));
}

#[test]
fn hostile_files_are_bounded_and_named() {
    let rules: Vec<String> = (1..4000).map(|port| format!("\"{port}:{port}\"")).collect();
    let many = format!("guest_os=x\nport_forwards=({})\nssh_port=99999", rules.join(" "));
    let machine = parse(many.as_bytes()).unwrap().unwrap();
    assert!(matches!(machine.forwards, Reading::Unknown(_)));
    let many = many.replace("99999", "22");
    let machine = parse(many.as_bytes()).unwrap().unwrap();
    assert_eq!(machine.forwards.known().unwrap().len(), 65);
    for value in ["`id`", "$(id)", "~/disk", "\"$HOME/x\""] {
        let machine = parse(format!("disk_img={value}").as_bytes()).unwrap().unwrap();
        assert!(matches!(machine.disks, Reading::Unknown(_)), "{value}");
    }
    for text in ["guest_os=x\nnetwork=br0\nmacaddr=zz", "guest_os=x\nnetwork=br0\nmacaddr=$(id)"] {
        let machine = parse(text.as_bytes()).unwrap().unwrap();
        assert!(matches!(machine.cards, Reading::Unknown(_)), "{text}");
    }
    assert_eq!(parse(b"[a]\nb = c"), Ok(None));
    assert_eq!(parse(b""), Ok(None));
    assert!(parse(b"guest_os=\xff").is_err());
    // A list that never ends, with a line that could end it again and again.
    let endless = format!("guest_os=x\nport_forwards=(\"\n{}", ")\n".repeat(500_000));
    assert!(parse(endless.as_bytes()).is_err());
}

#[test]
fn the_manifest_names_the_places() {
    for places in [LINUX, MACOS] {
        assert_declares(include_str!("../plugin.json"), places);
    }
}
