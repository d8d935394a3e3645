//! What a guest says from inside.

use vmkit_inside::{Inside, read};
use vmkit_types::{Reading, Unread};

use super::{CATALOGUE, Scene, absent, present};
use crate::{FindingCode, State, findings};

/// A card with a lease, a default route, a server that answers, SSH, no firewall.
const HEALTHY: [(&str, &str); 8] = [
    (
        "addresses",
        "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    link/ether 52:54:00:00:00:01 brd \
         ff:ff:ff:ff:ff:ff\n    inet 192.168.1.64/24 scope global dynamic eth0",
    ),
    ("routes", "default via 192.168.1.254 dev eth0\n192.168.1.0/24 dev eth0 scope link"),
    ("servers", "nameserver 192.168.1.254"),
    ("answers", "192.168.1.254 answers"),
    ("listeners", "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*"),
    ("programs", "systemd-network\nsshd"),
    ("rules", ""),
    ("setup", "status: done"),
];
const NO_ADDRESS: &str = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    link/ether \
                          52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff";

/// Parts of an answer: name and output.
type Parts<'a> = &'a [(&'a str, &'a str)];

/// The healthy answer with these parts in place of its own.
fn answer(changes: &[(&str, &str)]) -> Inside {
    let own = HEALTHY.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    let part = |(name, text): &(&str, &str)| {
        let lines: Vec<String> = text.lines().map(|line| format!(" {line}\n")).collect();
        format!("= {name}\n{}! 0\n", lines.concat())
    };
    let parts = own.chain(changes).map(part).collect::<Vec<_>>().concat();
    let Reading::Known(inside) = read(format!("# vmkit-inside 1\n{parts}").as_bytes()) else {
        panic!("{parts}")
    };
    inside
}

fn scene(changes: &[(&str, &str)]) -> Scene {
    Scene { inside: Some(answer(changes)), ..Scene::at_home() }
}

const ALL: [&str; 10] = [
    "guest-sees-no-network-card",
    "guest-reports-link-down",
    "guest-has-no-dhcp-client",
    "guest-dhcp-failed",
    "guest-address-static-elsewhere",
    "guest-has-no-default-route",
    "guest-resolver-silent",
    "guest-firewall-drops-ssh",
    "guest-has-no-ssh-listener",
    "guest-setup-failed",
];

#[test]
fn a_healthy_guest_has_none_of_them() {
    let healthy = scene(&[]);
    let mut expected = ALL.to_vec();
    let mut seen = absent(&healthy);
    seen.retain(|code| ALL.contains(code));
    seen.sort_unstable();
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert_eq!(present(&healthy), ["address-missing"], "no signal names one in this scene");
}

#[test]
fn each_fault_is_found_from_inside() {
    let filter = |rules: &str| {
        format!(
            "table inet f {{\n chain input {{\n  type filter hook input priority 0; {rules}\n }}\n}}"
        )
    };
    let (drops, lets_in) = (
        filter("policy drop;\n  tcp dport 80 accept"),
        filter("policy drop;\n  ip saddr 192.168.1.50 tcp dport 22 accept"),
    );
    // Parts that differ from a healthy answer, and what is present.
    let rows: [(Parts<'_>, &[&str]); 14] = [
        (&[("answers", "192.168.1.254 silent")], &["guest-resolver-silent"]),
        (&[("answers", "192.168.1.254 silent\n10.0.0.1 answers")], &[]),
        (&[("servers", ""), ("answers", "")], &["guest-resolver-silent"]),
        (&[("routes", "192.168.1.0/24 dev eth0 scope link")], &["guest-has-no-default-route"]),
        (&[("listeners", "LISTEN 0 128 127.0.0.1:22 0.0.0.0:*")], &["guest-has-no-ssh-listener"]),
        (&[("listeners", "LISTEN 0 128 0.0.0.0:2222 0.0.0.0:*")], &["guest-has-no-ssh-listener"]),
        (&[("rules", &drops)], &["guest-firewall-drops-ssh"]),
        (&[("rules", &lets_in)], &[]),
        (&[("setup", "status: error\ndetail:\nrun-parts failed")], &["guest-setup-failed"]),
        (
            &[("addresses", NO_ADDRESS), ("links", "  2 eth0 ether carrier unmanaged")],
            &["guest-has-no-dhcp-client"],
        ),
        (
            &[
                ("addresses", NO_ADDRESS),
                ("journal", "No DHCPOFFERS received."),
                ("programs", "dhclient"),
            ],
            &["guest-dhcp-failed"],
        ),
        (&[("addresses", "1: lo: <UP> mtu 65536")], &["guest-sees-no-network-card"]),
        (
            &[("addresses", "2: eth0: <UP> mtu 1500\n    link/ether 52:54:00:00:00:01 brd ff")],
            &["guest-reports-link-down"],
        ),
        (
            &[(
                "addresses",
                "2: eth0: <UP,LOWER_UP> mtu 1500\n    link/ether 52:54:00:00:00:01 brd ff\n    inet 10.9.0.3/24",
            )],
            &["guest-address-static-elsewhere"],
        ),
    ];
    for (changes, expected) in rows {
        let mut found = present(&scene(changes));
        found.retain(|code| *code != "address-missing");
        assert_eq!(found, expected, "{changes:?}");
    }
}

#[test]
fn what_the_guest_does_not_show_is_open() {
    let unknown = |changes: &[(&str, &str)], code: FindingCode| {
        scene(changes).facts(|facts| {
            let all = findings(facts, &CATALOGUE);
            let found = all.into_iter().find(|finding| finding.code == code).unwrap();
            match found.state {
                State::NotObserved(why) => why.detail().to_owned(),
                other => panic!("{code}: {other:?}"),
            }
        })
    };
    // networkd runs, and nobody could ask it about the card.
    let client = unknown(&[("addresses", NO_ADDRESS)], FindingCode::GuestHasNoDhcpClient);
    assert!(client.contains("its state is not known"), "{client}");
    let other = "2: eth0: <UP> mtu 1500\n    link/ether 52:54:00:00:00:99 brd ff";
    let card = unknown(&[("addresses", other)], FindingCode::GuestSeesNoNetworkCard);
    assert!(card.contains("MAC"), "{card}");
    // Whatever else that guest lacks, it may be another one.
    let lacking: Parts<'_> = &[
        ("addresses", other),
        ("routes", ""),
        ("answers", "192.168.1.254 silent"),
        ("listeners", ""),
        ("setup", "status: error"),
    ];
    for code in super::super::inside::ALL {
        let why = unknown(lacking, code);
        assert!(why.contains("a guest without the VM's MAC"), "{code}: {why}");
    }
    let odd = "table inet f {\n chain input {\n  type filter hook input priority 0; policy accept;\n  \
               tcp dport 22 numgen inc mod 2 0 drop\n }\n}";
    let rule = unknown(&[("rules", odd)], FindingCode::GuestFirewallDropsSsh);
    assert!(rule.contains("tcp dport 22"), "{rule}");
}

#[test]
fn a_network_without_a_known_gateway_may_lead_nowhere_on_purpose() {
    let mut alone = scene(&[("routes", "")]);
    assert!(present(&alone).contains(&"guest-has-no-default-route"));
    let Reading::Known(network) = &mut alone.network else { panic!("a network") };
    network.routes.clear();
    assert!(!present(&alone).contains(&"guest-has-no-default-route"));
}

#[test]
fn a_guest_that_could_not_be_asked_leaves_all_open_with_the_reason() {
    let why = Unread::Denied("no host key is known".to_owned());
    let scene = Scene::at_home();
    scene.facts(|facts| {
        let facts = crate::Facts { inside: Reading::Unknown(why.clone()), ..facts.clone() };
        let all = findings(&facts, &CATALOGUE);
        let code = FindingCode::GuestResolverSilent;
        let found = all.into_iter().find(|finding| finding.code == code).unwrap();
        assert_eq!(found.state, State::NotObserved(why.clone()));
    });
}
