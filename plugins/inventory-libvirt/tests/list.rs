//! What real libvirts keep, and what their documentation shows.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::{fs, os::unix::fs::symlink};

use inventory_libvirt::Libvirt;
use vmkit_plugin::{ListedMachine, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

fn tree(name: &str) -> FakeHost {
    FakeHost::new().with_tree(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR")))
}

/// A process as libvirt starts it.
fn qemu(pid: u32, name: &str, uuid: &str) -> ProcessAnswer {
    let line =
        format!("/usr/bin/qemu-system-x86_64 -name guest={name},debug-threads=on -uuid {uuid}");
    let arguments = line.split(' ').map(str::to_owned).collect();
    ProcessAnswer { pid, user: None, directory: Some("/".to_owned()), arguments }
}

fn list(host: &FakeHost) -> Vec<ListedMachine> {
    host.list::<Libvirt>("{}").unwrap()
}

/// `ID STATE PID | CARDS | REMARKS`.
fn line(machine: &ListedMachine) -> String {
    let texts = |reading: Reading<Vec<String>>| match reading {
        Reading::Known(texts) => texts.join(", "),
        Reading::Absent => "-".to_owned(),
        Reading::Unknown(why) => format!("? {why}"),
    };
    let state = machine.state.as_ref().known().map_or("?", |state| state.code());
    let pid = machine.pid.as_ref().known().map_or("-".to_owned(), ToString::to_string);
    let all = |list: &Vec<_>| list.iter().map(ToString::to_string).collect();
    let cards = texts(machine.cards.as_ref().map(all));
    let says = |list: &Vec<vmkit_plugin::Remark>| list.iter().map(ToString::to_string).collect();
    let remarks = texts(machine.remarks.as_ref().map(says));
    format!("{} {state} {pid} | {cards} | {remarks}", machine.id)
}

fn lines(machines: &[ListedMachine]) -> Vec<String> {
    machines.iter().map(line).collect()
}

fn find<'a>(machines: &'a [ListedMachine], name: &str) -> &'a ListedMachine {
    machines.iter().find(|machine| machine.name == name).unwrap()
}

/// The host that the files of `debian-12` are of.
fn debian_12() -> FakeHost {
    let pids = [3712, 15678, 15701, 15717, 15741, 15770];
    pids.into_iter().fold(tree("debian-12"), |host, pid| host.with_process(qemu(pid, "-", "-")))
}

#[test]
fn lists_the_domains_of_a_real_libvirt() {
    let expected = [
        "system/bridged paused 15678 | 52:54:00:00:00:02 bridged br0 vnet1 | ",
        "system/macvtap running 15701 | 52:54:00:00:00:03 bridged en0 macvtap0 | ",
        "system/nonet stopped - |  | ",
        "system/ondirect running 15770 | 52:54:00:00:00:08 bridged en0 macvtap1 | ",
        "system/oniso stopped - | 52:54:00:00:00:07 shared virbr1 - | \
         network-inactive:isolated its network \"isolated\" is not started",
        "system/onlan running 15741 | 52:54:00:00:00:06 bridged br0 vnet2 | ",
        "system/onlost stopped - | 52:54:00:00:00:09 - - - | \
         network-missing:gone its network \"gone\" is not defined",
        "system/usernet running 15717 | 52:54:00:00:00:04 user - - | ",
        "system/web running 3712 | 52:54:00:4b:5e:57 shared virbr0 vnet0 | ",
    ];
    assert_eq!(lines(&list(&debian_12())), expected);
}

#[test]
fn reads_console_agent_and_disks() {
    let machines = list(&debian_12());
    let web = find(&machines, "web");
    assert_eq!(web.console, Reading::Known("/var/log/libvirt/qemu/web-console.log".to_owned()));
    assert_eq!(web.disks, Reading::Known(vec!["/var/lib/libvirt/images/web.qcow2".to_owned()]));
    // QEMU answers one client at a time, and libvirt is it.
    for held in [&web.monitor, &web.guest_agent] {
        assert!(matches!(held, Reading::Unknown(_)), "{held:?}");
    }
    let log = Reading::Known("/var/log/libvirt/qemu/macvtap-console.log".to_owned());
    assert_eq!(find(&machines, "macvtap").console, log);
    let nonet = find(&machines, "nonet");
    assert_eq!((&nonet.console, &nonet.guest_agent), (&Reading::Absent, &Reading::Absent));
}

#[test]
fn a_status_file_without_its_process_is_of_a_stopped_domain() {
    let machines = list(&tree("debian-12"));
    let web = find(&machines, "web");
    assert_eq!(line(web).split(" |").next(), Some("system/web stopped -"));
}

#[test]
fn a_domain_of_the_user_runs_if_its_process_does() {
    const UUID: &str = "a14f68ff-02bb-4088-8709-0ad5d869b767";
    let rows = [
        ("session", vec![], "session/own stopped -"),
        ("session", vec![qemu(13865, "own", UUID)], "session/own running 13865"),
        ("session", vec![qemu(13865, "own", "another")], "session/own stopped -"),
        ("session", vec![qemu(13865, "other", UUID)], "session/own stopped -"),
        ("session-cache", vec![qemu(13865, "-", "-")], "session/own running 13865"),
    ];
    for (data, processes, expected) in rows {
        let host = processes.into_iter().fold(tree(data), FakeHost::with_process);
        let found = line(&list(&host)[0]);
        assert_eq!(found, format!("{expected} | 52:54:00:00:00:0a user - - | "), "{data}");
    }
}

#[test]
fn reads_forwarded_ports_and_cards_of_every_kind() {
    let machines = list(&tree("documented"));
    let expected = [
        "system/others stopped - | 52:54:00:00:01:01 - - mytap1, 52:54:00:3b:83:1a - - -, \
         52:54:00:00:01:03 shared virbr0 -, 52:54:00:6d:90:02 - - -, 52:54:00:00:01:04 user - - | \
         link-down libvirt holds the cable of its card 52:54:00:00:01:03 unplugged",
        "system/passt stopped - | 52:54:00:3b:83:1a user - - | ",
    ];
    assert_eq!(lines(&machines), expected);
    let passt = find(&machines, "passt");
    let forwards = passt.forwards.as_ref().known().unwrap();
    let forwards: Vec<String> = forwards.iter().map(ToString::to_string).collect();
    let expected = [
        "tcp [2001:db8:ac10:fd01::1:10]:22 -:2022",
        "tcp [2001:db8:ac10:fd01::1:10]:1000 -:1000",
        "tcp [2001:db8:ac10:fd01::1:10]:1001 -:1001",
        "tcp [2001:db8:ac10:fd01::1:10]:1002 -:1002",
        "udp 1.2.3.4:5000 -:6000",
        "udp 1.2.3.4:5001 -:6001",
        "tcp 0.0.0.0:2222 -:22",
    ];
    assert_eq!(forwards, expected);
    assert_eq!(passt.ssh, Reading::Known("127.0.0.1:2222".parse().unwrap()));
    let others = find(&machines, "others");
    assert_eq!(others.ssh, Reading::Known("127.0.0.1:2200".parse().unwrap()));
    assert_eq!(others.disks, Reading::Known(vec!["/dev/vg/others".to_owned()]));
}

#[test]
fn a_hostile_file_is_named_and_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("etc/libvirt/qemu");
    fs::create_dir_all(&place).unwrap();
    let laughs = "<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><domain>&b;</domain>";
    let ports = "<portForward proto='tcp'><range start='1' end='65535'/></portForward>";
    let ports = format!("<interface type='user'>{}</interface>", ports.repeat(100));
    let files = [
        ("laughs", laughs.to_owned()),
        ("deep", "<domain>".repeat(100_000)),
        ("huge", format!("<domain>{}</domain>", " ".repeat(2 << 20))),
        ("ports", format!("<domain><devices>{ports}</devices></domain>")),
        ("web", "<domain><name>web</name></domain>".to_owned()),
    ];
    for (name, text) in files {
        fs::write(place.join(format!("{name}.xml")), text).unwrap();
    }
    symlink("/dev/zero", place.join("zero.xml")).unwrap();
    let machines = list(&FakeHost::new().with_tree(folder.path()));
    for name in ["laughs", "deep", "huge"] {
        let cards = &find(&machines, name).cards;
        let Reading::Unknown(Unread::Malformed(why)) = cards else { panic!("{name}: {cards:?}") };
        assert!(why.contains(name), "{why}");
    }
    assert_eq!(find(&machines, "web").cards, Reading::Known(Vec::new()));
    assert_eq!(find(&machines, "ports").forwards.as_ref().known().unwrap().len(), 64);
}
