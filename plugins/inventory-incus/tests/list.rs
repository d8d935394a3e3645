//! Lists instances of Incus.

use inventory_incus::{INSTANCES, Incus, SOCKETS, parse};
use vmkit_plugin::{Error, ErrorCode, ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, assert_declares, machine_lines};

const SOCKET: &str = SOCKETS[1];

fn host() -> FakeHost {
    let answer = include_bytes!("data/instances.json");
    FakeHost::new().with_local_api(SOCKET, INSTANCES, Ok(answer))
}

fn qemu(pid: u32, user: u32, name: &str) -> ProcessAnswer {
    let words = ["/usr/bin/qemu-system-x86_64", "-S", "-name", name, "-pidfile"];
    let pid_file = format!("/run/incus/{name}/qemu.pid");
    let arguments = words.iter().map(|word| (*word).to_owned()).chain([pid_file]).collect();
    ProcessAnswer { pid, user: Some(user), directory: None, arguments }
}

#[test]
fn lists_vms_of_every_project() {
    let machines = host().with_process(qemu(4242, 0, "web")).list::<Incus>("{}").unwrap();
    let lines: Vec<_> = machines.iter().map(machine_lines).collect();
    assert_eq!(
        lines[0],
        [
            &format!("{SOCKET} default/web web"),
            "state running",
            "pid 4242",
            "card 10:66:6a:4b:5e:57 shared incusbr0 tap1a2b3c4d",
            "card 10:66:6a:4b:5e:58 bridged br0 -",
            "hostname web",
            "absent console",
            "absent monitor",
            "ssh 127.0.0.1:2222",
            "forward udp 0.0.0.0:5353 10.1.2.3:53",
            "forward tcp 127.0.0.1:2222 -:22",
            "disk /dev/disk/by-id/ata-DISK",
            "address 10.180.3.7",
            "address fe80::1266:6aff:fe4b:5e57",
        ]
    );
    assert_eq!(
        lines[1],
        [
            &format!("{SOCKET} lab/web web.lab"),
            "state stopped",
            "absent pid",
            "card - bridged eth9 -",
            "hostname web",
            "absent console",
            "absent monitor",
            "absent ssh",
            "forward",
            "disk",
            "absent address",
        ]
    );
    let odd = format!("malformed {SOCKET}: /status is not a text");
    assert_eq!(
        lines[2][..2],
        [format!("{SOCKET} default/odd odd"), format!("unknown state {odd}")]
    );
    let nameless = format!("unknown state malformed {SOCKET}: instance 3 has no name");
    assert_eq!(lines[3][..2], [format!("{SOCKET} 3 instance 3"), nameless]);
    assert_eq!(lines.len(), 4);
}

#[test]
fn the_process_is_the_one_that_the_daemon_names() {
    // QEMU gives up root's rights.
    let rows =
        [(qemu(4242, 65534, "web"), Reading::Known(4242)), (qemu(7, 0, "web"), Reading::Absent)];
    for (process, expected) in rows {
        let machines = host().with_process(process.clone()).list::<Incus>("{}").unwrap();
        assert_eq!(machines[0].pid, expected, "{process:?}");
    }
}

#[test]
fn a_daemon_that_cannot_be_asked_is_named() {
    let message = "connect to /var/lib/incus/unix.socket: Permission denied (os error 13)";
    let denied = Error::new(ErrorCode::Denied, message);
    let host = FakeHost::new().with_local_api(SOCKET, INSTANCES, Err(denied.clone()));
    assert_eq!(host.list::<Incus>("{}"), Err(denied));
    assert_eq!(FakeHost::new().list::<Incus>("{}"), Ok(Vec::new()));
}

#[test]
fn hostile_answers_are_bounded_and_named() {
    let many = vec![r#"{"name":"a","status":"Frozen"}"#; 9000].join(",");
    let machines = parse(format!(r#"{{"metadata":[{many}]}}"#).as_bytes()).unwrap();
    assert_eq!(machines.len(), 4096);
    let odd =
        br#"{"metadata": [{"name": "a\u001b/~\n", "status": "\u001b[2J", "state": {"pid": 1e99},
        "expanded_devices": {"a/~b": {"type": "nic"}, "p": {"type": "proxy", "listen": 7}},
        "expanded_config": {"volatile.a/~b.hwaddr": "10:66"}}]}"#;
    let machine = parse(odd).unwrap().remove(0);
    assert_eq!(machine.name, "a\\x1b/~");
    for reading in [machine.state.map(|_| ()), machine.cards.map(|_| ()), machine.pid.map(|_| ())] {
        let Reading::Unknown(why) = reading else { panic!("{reading:?}") };
        assert!(!why.detail().contains('\u{1b}'), "{why}");
    }
    assert_eq!(machine.forwards, Reading::Known(Vec::new()));
    for text in
        ["", "[]", "{}", "{\"metadata\": {}}", "{\"metadata\": null}", "{\"error\": \"no\"}"]
    {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(parse(b"{\"metadata\": []}"), Ok(Vec::new()));
}

#[test]
fn the_manifest_names_the_requests() {
    assert_declares(include_str!("../plugin.json"), &SOCKETS);
    assert_declares(include_str!("../plugin.json"), &[INSTANCES]);
}
