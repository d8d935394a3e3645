//! The machine itself, its console, its address and its router.

use std::time::Duration;

use vmkit_types::{Advice, AdviceKind, Kind, MacStatus, Observation, Reading, Witness, attribute};

use super::{
    Scene, absent, present,
    scene::{VM, machine},
};
use crate::{Process, Router};

fn saw(kind: Kind, address: [u8; 4]) -> Observation {
    Observation::new(0, kind, "seen").at(std::net::IpAddr::from(address))
}

fn on_vm(kind: Kind, address: [u8; 4]) -> Observation {
    saw(kind, address).on_mac(VM.parse().unwrap())
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
