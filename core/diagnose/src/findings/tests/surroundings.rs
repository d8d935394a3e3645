//! The machine itself, its console, its address and its router.

use std::time::Duration;

use vmkit_types::{
    Advice, AdviceKind, Kind, MacStatus, Observation, Reading, Unread, Witness, attribute,
};

use super::{
    Scene, absent, present,
    scene::{VM, machine},
};
use crate::{Process, Router};

pub(super) fn saw(kind: Kind, address: [u8; 4]) -> Observation {
    Observation::new(0, kind, "seen").at(std::net::IpAddr::from(address))
}

fn on_vm(kind: Kind, address: [u8; 4]) -> Observation {
    saw(kind, address).on_mac(VM.parse().unwrap())
}

#[test]
fn a_network_that_is_not_started_is_a_finding_in_the_words_of_the_manager() {
    let code = "machine-network-inactive";
    let remark = |text: &str| Reading::Known(vec![text.parse().unwrap()]);
    let stopped = "network-inactive:default its network \"default\" is not started";
    let rows = [
        (remark(stopped), true, false),
        (remark("link-down its cable is unplugged"), false, true),
        (Reading::Absent, false, true),
        (Reading::Unknown(Unread::Denied("/etc".to_owned())), false, false),
    ];
    for (remarks, is_present, is_absent) in rows {
        let mut scene = Scene::at_home();
        scene.machine.remarks = remarks;
        let found = (present(&scene).contains(&code), absent(&scene).contains(&code));
        assert_eq!(found, (is_present, is_absent), "{:?}", scene.machine.remarks);
    }
}

#[test]
fn checks_the_process_the_link_and_the_mac() {
    let mut scene = Scene::at_home();
    scene.machine.process = Reading::Known(Process::Paused);
    scene.machine.link_up = Reading::Known(false);
    scene.machine.recorded_mac = Reading::Known("52:54:00:00:00:09".parse().unwrap());
    scene.others.push(machine("copy", VM));
    let found = present(&scene);
    let expected =
        ["machine-paused", "machine-link-down", "machine-mac-shared", "machine-mac-not-registered"];
    assert!(expected.iter().all(|code| found.contains(code)), "{found:?}");
}

/// The state of another VM with the same MAC, and whether the MAC is shared.
#[test]
fn a_twin_of_unknown_state_may_run() {
    let rows = [
        (Reading::Known(Process::Running), Some(true)),
        (Reading::Known(Process::Stopped), Some(false)),
        (Reading::Unknown(Unread::TimedOut), None),
    ];
    for (process, expected) in rows {
        let mut scene = Scene::at_home();
        let twin = crate::Machine { process: process.clone(), ..machine("copy", VM) };
        scene.others.push(twin);
        let code = "machine-mac-shared";
        let found = (present(&scene).contains(&code), absent(&scene).contains(&code));
        assert_eq!(found, (expected == Some(true), expected == Some(false)), "{process:?}");
    }
}

/// What QEMU reports of card and disk, the phase on the console, and the findings.
#[test]
fn derives_findings_from_the_use_of_card_and_disk() {
    use vmkit_model::{CardDriver, Devices, DiskUse};
    type Codes = &'static [&'static str];
    type Row = (Reading<CardDriver>, Reading<DiskUse>, &'static str, Codes, Codes);
    let disk = |read_bytes, idle: u64| {
        let idle = Some(Duration::from_secs(idle));
        Reading::Known(DiskUse { read_bytes, read_operations: 1, idle })
    };
    let old = Unread::Failed("an old QEMU".to_owned());
    let (old_card, old_disk) = (Reading::Unknown(old.clone()), Reading::Unknown(old));
    let booted = || disk(90 << 20, 1);
    let rows: &[Row] = &[
        (
            Reading::Known(CardDriver::Missing),
            booted(),
            "login",
            &["guest-driver-absent"],
            &["disk-hardly-read"],
        ),
        (
            Reading::Known(CardDriver::Idle),
            booted(),
            "login",
            &["guest-interface-unused"],
            &["guest-driver-absent", "disk-hardly-read"],
        ),
        (
            Reading::Known(CardDriver::Used),
            booted(),
            "login",
            &[],
            &["guest-driver-absent", "guest-interface-unused", "disk-hardly-read"],
        ),
        (Reading::Known(CardDriver::Present), old_disk, "login", &[], &["guest-driver-absent"]),
        (old_card.clone(), disk(512, 12), "none", &["disk-hardly-read"], &[]),
        (old_card.clone(), disk(512, 12), "firmware", &["disk-hardly-read"], &[]),
        // Its kernel was not on a disk.
        (old_card.clone(), disk(512, 12), "kernel", &[], &[]),
        // Firmware may still look for something to start.
        (old_card.clone(), disk(512, 2), "none", &[], &[]),
        (old_card.clone(), Reading::Absent, "none", &[], &[]),
    ];
    let codes = ["guest-driver-absent", "guest-interface-unused", "disk-hardly-read"];
    for (card, disk, phase, expected, denied) in rows {
        let mut scene = Scene::at_home();
        scene.machine.started_at = Some(super::scene::now() - Duration::from_secs(40));
        let devices = Devices { card: card.clone(), disk: disk.clone() };
        scene.machine.devices = Reading::Known(devices);
        let seen = Observation::new(0, Kind::ConsolePhase, "so far").with(attribute::PHASE, *phase);
        scene.observations.push(seen);
        let of = |found: Vec<&'static str>| -> Vec<&'static str> {
            found.into_iter().filter(|code| codes.contains(code)).collect()
        };
        let found = (of(present(&scene)), of(absent(&scene)));
        assert_eq!(found, (expected.to_vec(), denied.to_vec()), "{card:?} {disk:?} {phase}");
    }
}

/// Phase of the boot, faults that the console reports, and the findings.
#[test]
fn derives_findings_from_the_console() {
    let rows: &[(&str, &[&str], &[&str])] = &[
        ("panic", &[], &["kernel-panic"]),
        ("initramfs", &[], &["boot-stopped-early"]),
        ("login", &["no-network-card"], &["guest-sees-no-network-card"]),
        (
            "login",
            &["no-dhcp-client", "ssh-server-failed"],
            &["guest-has-no-dhcp-client", "guest-ssh-server-failed"],
        ),
        ("login", &["other-card"], &["guest-configures-another-card"]),
        ("dhcp", &["bad-checksums"], &["guest-reports-bad-checksums"]),
        ("link-local", &[], &["guest-dhcp-failed"]),
        ("none", &[], &[]),
        ("login", &[], &[]),
    ];
    for (phase, faults, expected) in rows {
        let mut scene = Scene::at_home();
        let phase_seen =
            Observation::new(0, Kind::ConsolePhase, "so far").with(attribute::PHASE, *phase);
        scene.observations.push(phase_seen);
        let complaint = |fault: &&str| {
            Observation::new(0, Kind::ConsoleFault, "it complains").with(attribute::FAULT, *fault)
        };
        scene.observations.extend(faults.iter().map(complaint));
        let mut found = present(&scene);
        found.retain(|code| *code != "address-missing");
        assert_eq!(found, *expected, "{phase}");
    }
}

#[test]
fn a_link_local_address_is_not_a_lease() {
    let mut scene = Scene::at_home();
    let phase_seen =
        Observation::new(0, Kind::ConsolePhase, "so far").with(attribute::PHASE, "login");
    scene.observations = vec![phase_seen, saw(Kind::ConsoleAddress, [169, 254, 7, 7])];
    assert!(present(&scene).contains(&"guest-dhcp-failed"));
}

#[test]
fn a_boot_that_just_began_has_not_failed() {
    let mut scene = Scene::at_home();
    scene.machine.started_at = Some(super::scene::now() - Duration::from_secs(5));
    let phase_seen =
        Observation::new(0, Kind::ConsolePhase, "so far").with(attribute::PHASE, "kernel");
    scene.observations.push(phase_seen);
    assert!(!present(&scene).contains(&"boot-stopped-early"));
    assert!(!absent(&scene).contains(&"boot-stopped-early"));
}

#[test]
fn distinguishes_answering_from_silent_addresses() {
    let address = [192, 168, 1, 64];
    let held =
        || vec![on_vm(Kind::NeighbourReachable, address), on_vm(Kind::LeaseCurrent, address)];
    let with = |kind: Kind| {
        let mut scene = Scene::at_home();
        scene.observations = held();
        scene.observations.push(saw(kind, address));
        present(&scene)
    };
    assert_eq!(with(Kind::SshReady), Vec::<&str>::new());
    assert_eq!(with(Kind::SshRefused), ["ssh-refused"]);
    assert_eq!(with(Kind::SshTimeout), ["ssh-filtered"]);
    assert_eq!(with(Kind::SshUnreachable), ["only-this-program-blocked"]);
}

#[test]
fn a_denied_program_says_nothing_of_the_machine() {
    let address = [192, 168, 1, 64];
    let denied = || {
        Observation::unread(0, &Unread::Denied("why".to_owned()))
            .with(attribute::SOURCE, attribute::LOCAL_NETWORK)
            .at(address)
    };
    let mut scene = Scene::at_home();
    // Nothing else answers either: it was the program that was kept from asking.
    scene.observations = vec![on_vm(Kind::LeaseCurrent, address), denied(), denied()];
    assert_eq!(present(&scene), ["only-this-program-blocked"]);
    let absent = absent(&scene);
    for code in ["ping-unanswered", "address-not-reached", "ssh-filtered"] {
        assert!(!absent.contains(&code), "{code}");
    }
    scene.observations[1] = denied().at([192, 168, 1, 65]);
    scene.observations.pop();
    assert_eq!(present(&scene), Vec::<&str>::new());
}

#[test]
fn a_source_is_outdated_only_if_the_machine_is_elsewhere() {
    let (old, new) = ([192, 168, 1, 64], [192, 168, 1, 70]);
    let mut scene = Scene::at_home();
    scene.observations = vec![
        on_vm(Kind::NeighbourReachable, new),
        saw(Kind::SshReady, new),
        saw(Kind::DnsAddress, old),
        saw(Kind::SshUnreachable, old),
    ];
    scene.survey.hosts = Reading::Known(vec![(old.into(), "web".to_owned())]);
    let found = present(&scene);
    assert_eq!(found, ["dns-outdated", "hosts-file-outdated"]);
    // If both addresses answer, the machine has two.
    scene.observations.pop();
    scene.observations.push(saw(Kind::IcmpReply, old));
    scene.survey.hosts = Reading::Known(Vec::new());
    assert_eq!(present(&scene), Vec::<&str>::new());
}

#[test]
fn an_old_name_does_not_hide_a_stranger_at_the_address_of_this_boot() {
    let (leased, named) = ([192, 168, 1, 64], [192, 168, 1, 70]);
    let stranger = "b8:27:eb:00:00:01".parse().unwrap();
    let mut scene = Scene::at_home();
    scene.observations = vec![
        saw(Kind::ConsoleAddress, leased),
        saw(Kind::NeighbourOtherMac, leased).on_mac(stranger),
        saw(Kind::SshOtherHostKey, leased),
        saw(Kind::DnsAddress, named),
        saw(Kind::ArpSilent, named),
    ];
    let found = present(&scene);
    for code in ["address-answers-as-another", "address-host-key-differs", "dns-outdated"] {
        assert!(found.contains(&code), "{code}: {found:?}");
    }
    assert!(!found.contains(&"console-outdated"), "{found:?}");
}

#[test]
fn a_proxy_at_an_address_does_not_show_that_its_source_is_outdated() {
    let proxy = "b8:27:eb:00:00:01".parse().unwrap();
    let address = [192, 168, 1, 70];
    let answered = |count: &str| {
        let other = saw(Kind::NeighbourOtherMac, address).on_mac(proxy);
        let mut scene = Scene::at_home();
        scene.observations =
            vec![saw(Kind::DnsAddress, address), other.with(attribute::ADDRESSES, count)];
        present(&scene)
    };
    assert!(answered("2").contains(&"dns-outdated"), "{:?}", answered("2"));
    let by_proxy = answered("6");
    assert!(by_proxy.contains(&"address-one-mac-answers-for-all"), "{by_proxy:?}");
    assert!(!by_proxy.contains(&"dns-outdated"), "{by_proxy:?}");
}

/// MACs and what the router reports about them.
type Reports<'a> = &'a [(&'a str, MacStatus)];

#[test]
fn reports_of_the_router_about_this_machine_are_findings() {
    const OTHER: &str = "52:54:00:00:00:77";
    let rows: &[(Reports<'_>, &[&str], &[&str])] = &[
        (&[], &[], &[]),
        (&[(VM, MacStatus::Listed)], &[], &["router-does-not-list-machine"]),
        (&[(VM, MacStatus::NotListed)], &["router-does-not-list-machine"], &[]),
        (&[(OTHER, MacStatus::NotListed)], &[], &[]),
        (
            &[(VM, MacStatus::Blocked)],
            &["router-blocks-machine"],
            &["router-does-not-list-machine"],
        ),
        (&[(VM, MacStatus::WebHijacked)], &["web-hijacked"], &[]),
    ];
    for (reports, expected, denied) in rows {
        let witnesses = reports
            .iter()
            .map(|(mac, seen)| Witness { mac: mac.parse().unwrap(), seen: *seen })
            .collect();
        let mut scene = Scene::at_home();
        scene.router = Some(Router { witnesses, ..Router::default() });
        let of_router = |code: &&str| code.starts_with("router-") || *code == "web-hijacked";
        let found: Vec<_> = present(&scene).into_iter().filter(of_router).collect();
        assert_eq!(found, *expected, "{reports:?}");
        let found: Vec<_> = absent(&scene).into_iter().filter(of_router).collect();
        assert_eq!(found, *denied, "{reports:?}");
    }
}

#[test]
fn a_router_with_a_reported_setting_is_a_finding() {
    let advice = |kind, title: &str, confidence| Advice {
        kind,
        id: "hub".to_owned(),
        title: title.to_owned(),
        confidence,
        because: Vec::new(),
        steps: Vec::new(),
    };
    for (confidence, expected) in [(0.5, true), (0.4, false)] {
        let mut scene = Scene::at_home();
        scene.router = Some(Router {
            identities: vec![advice(AdviceKind::Router, "BT Smart Hub 2", 0.98)],
            remedies: vec![advice(AdviceKind::Remedy, "Smart Setup", confidence)],
            ..Router::default()
        });
        let found = present(&scene).contains(&"router-known-to-drop-bridged");
        assert_eq!(found, expected, "{confidence}");
    }
}
