//! Facts about two machines, put together.

use vmkit_types::{Kind, Observation, Reading, attribute};

use super::{
    Scene, absent, present,
    scene::{VM, machine, traffic},
};

const COPY: &str = "52:54:00:00:00:02";
const COMPARED: [&str; 5] = [
    "client-identifier-shared",
    "address-given-twice",
    "machine-identity-shared",
    "host-key-shared",
    "host-name-shared",
];

fn compared(codes: &[&'static str]) -> Vec<&'static str> {
    COMPARED.into_iter().filter(|code| codes.contains(code)).collect()
}

/// The other machine's messages have its MAC.
fn of_copy(lines: &str) -> String {
    let lines = lines.lines().map(|line| format!("{line} from {COPY} chaddr {COPY}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Messages at the machine's port, messages at the port of its copy, and what both share. Lines begin with
/// the second.
#[test]
fn compares_the_captures_of_two_machines() {
    let rows: &[(&str, &str, &[&str])] = &[
        ("1 DISCOVER 1 id same", "9 DISCOVER 2 id same", &["client-identifier-shared"]),
        ("1 DISCOVER 1 id one", "9 DISCOVER 2 id other", &[]),
        ("1 DISCOVER 1 duid abcd", "9 DISCOVER 2 duid abcd", &["machine-identity-shared"]),
        // A server repeats the identifier of the client.
        (
            "1 DISCOVER 1 id same",
            "9 OFFER 2 to 192.168.1.65 id same",
            &["client-identifier-shared"],
        ),
        ("1 DISCOVER 1", "9 DISCOVER 2", &[]),
        ("1 DISCOVER 1 duid abcd", "9 DISCOVER 2 duid abcx", &[]),
        (
            "1 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600",
            "9 ACK 2 to 192.168.1.64 by 192.168.1.254 for-s 3600",
            &["address-given-twice"],
        ),
        // The other way round. Two servers, each by its own book, are another fault.
        (
            "9 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600",
            "1 ACK 2 to 192.168.1.64 by 192.168.1.3 for-s 3600",
            &[],
        ),
        // The first lease had ended, had been given back, or had made way for another.
        (
            "9 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600",
            "1 ACK 2 to 192.168.1.64 by 192.168.1.254 for-s 5",
            &[],
        ),
        (
            "9 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600",
            "1 ACK 2 to 192.168.1.64 by 192.168.1.254 for-s 3600\n2 RELEASE 3",
            &[],
        ),
        (
            "9 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600",
            "1 ACK 2 to 192.168.1.64 by 192.168.1.254 for-s 3600\n2 ACK 3 to 192.168.1.65 by 192.168.1.254",
            &[],
        ),
        // It noticed, and gives the address up.
        (
            "1 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600",
            "9 ACK 2 to 192.168.1.64 by 192.168.1.254 for-s 3600\n10 DECLINE 2",
            &["address-given-twice"],
        ),
    ];
    for (own, copy, expected) in rows {
        let mut scene = Scene::at_home().guest(own);
        scene.others.push(machine("copy", COPY));
        scene.other_guests.push(traffic(&of_copy(copy)));
        assert_eq!(compared(&present(&scene)), *expected, "{own} | {copy}");
    }
}

#[test]
fn machines_on_separate_links_may_have_the_same_address_and_identifier() {
    let lines = "1 DISCOVER 1 id same\n2 ACK 1 to 192.168.1.64 by 192.168.1.254";
    let mut scene = Scene::at_home().guest(lines);
    let mut copy = machine("copy", COPY);
    (copy.interface, copy.port) = (Some("en0".to_owned()), None);
    scene.others.push(copy);
    scene.other_guests.push(traffic(&of_copy(lines)));
    assert_eq!(compared(&present(&scene)).len(), 2, "one link");
    if let Reading::Known(network) = &mut scene.network {
        network.interfaces.iter_mut().find(|each| each.name == "en0").unwrap().bridge = None;
    }
    assert_eq!(compared(&present(&scene)), [""; 0]);
}

#[test]
fn ports_of_a_bridge_that_keeps_vlans_apart_are_not_known_to_share_a_link() {
    let lines = "1 DISCOVER 1 id same\n2 ACK 1 to 192.168.1.64 by 192.168.1.254";
    let mut scene = Scene::at_home().guest(lines);
    scene.others.push(machine("copy", COPY));
    scene.other_guests.push(traffic(&of_copy(lines)));
    let link = ["client-identifier-shared", "address-given-twice"];
    assert_eq!(compared(&present(&scene)), link, "one link");
    let text =
        br#"[{"ifname":"br0","linkinfo":{"info_kind":"bridge","info_data":{"vlan_filtering":1}}}]"#;
    scene.survey.bridges = vmkit_survey::bridges(text);
    assert_eq!(compared(&present(&scene)), [""; 0]);
    let absent = compared(&absent(&scene));
    assert!(link.iter().all(|code| !absent.contains(code)), "{absent:?}");
}

#[test]
fn a_lease_in_a_file_does_not_show_which_server_gave_it() {
    let mut scene =
        Scene::at_home().guest("1 DISCOVER 1\n2 ACK 1 to 192.168.1.64 by 192.168.1.254");
    scene.others.push(machine("copy", COPY));
    let alone = [present(&scene), absent(&scene)].map(|codes| compared(&codes).len());
    let lease = Observation::new(0, Kind::LeaseCurrent, "leased").at([192, 168, 1, 64]);
    scene.observations_of_others.push(("copy", lease.on_mac(COPY.parse().unwrap())));
    assert_eq!(alone[0], 0);
    assert_eq!(compared(&present(&scene)), ["address-given-twice"]);
    let several = "several-servers-answer";
    assert!(!present(&scene).contains(&several) && !absent(&scene).contains(&several));
}

#[test]
fn what_a_twin_was_given_is_unknown_while_its_exchange_is_unheard() {
    let mut scene =
        Scene::at_home().guest("1 DISCOVER 1\n2 ACK 1 to 192.168.1.64 by 192.168.1.254");
    scene.others.push(machine("copy", COPY));
    assert!(absent(&scene).contains(&"address-given-twice"));
    let seen = Observation::new(0, Kind::ArpDuplicate, "two answer").at([192, 168, 1, 64]);
    let macs = format!("{VM}, {COPY}");
    scene.observations.push(seen.on_mac(VM.parse().unwrap()).with(attribute::MACS, &macs));
    assert!(present(&scene).contains(&"address-shared-with-machine"));
    assert!(!absent(&scene).contains(&"address-given-twice"));
}

#[test]
fn an_identifier_is_not_alone_while_the_other_machine_is_unheard() {
    let mut scene = Scene::at_home().guest("1 DISCOVER 1 id one");
    let alone = ["client-identifier-shared", "host-key-shared", "host-name-shared"];
    assert_eq!(compared(&absent(&scene)), alone);
    scene.others.push(machine("copy", COPY));
    assert_eq!(compared(&absent(&scene)), [""; 0]);
    scene.other_guests.push(traffic(&of_copy("9 DISCOVER 2 id other")));
    assert_eq!(compared(&absent(&scene)), ["client-identifier-shared"]);
    // One that was heard does not speak for another.
    scene.others.push(machine("third", "52:54:00:00:00:03"));
    assert_eq!(compared(&absent(&scene)), [""; 0]);
}

#[test]
fn two_machines_with_one_host_name_are_told() {
    let named = |name: &str, running: bool| {
        let mut scene = Scene::at_home();
        scene.machine.host_name = Reading::Known("ubuntu".to_owned());
        let mut copy = machine("copy", COPY);
        copy.host_name = Reading::Known(name.to_owned());
        if !running {
            copy.process = Reading::Known(crate::Process::Stopped);
        }
        scene.others.push(copy);
        let among = |codes: &[&'static str]| codes.contains(&"host-name-shared");
        (among(&present(&scene)), among(&absent(&scene)))
    };
    assert_eq!(named("Ubuntu", true), (true, false));
    assert_eq!(named("debian", true), (false, true));
    assert_eq!(named("ubuntu", false), (false, true));
}

/// The address and the key that the copy proves, and whether it shares the machine's.
#[test]
fn a_host_key_counts_at_an_address_of_one_machine_alone() {
    let proof = |address: [u8; 4], key: &str| {
        Observation::new(0, Kind::SshNewHostKey, "a key").at(address).with(attribute::HOST_KEY, key)
    };
    let rows = [
        ([192, 168, 1, 65], "ssh-ed25519 AAAA", vec!["host-key-shared"]),
        ([192, 168, 1, 65], "ssh-ed25519 BBBB", vec![]),
        ([192, 168, 1, 64], "ssh-ed25519 AAAA", vec![]),
    ];
    for (address, key, expected) in rows {
        let mut scene = Scene::at_home();
        scene.others.push(machine("copy", COPY));
        scene.observations.push(proof([192, 168, 1, 64], "ssh-ed25519 AAAA"));
        scene.observations_of_others.push(("copy", proof(address, key)));
        assert_eq!(compared(&present(&scene)), expected, "{address:?} {key}");
    }
}

/// The identifiers in the leases of the machine and of its copy, and what both share.
#[test]
fn compares_the_leases_of_two_machines() {
    let lease = |address: [u8; 4], mac: &str, identifier: &str| {
        let seen = Observation::new(0, Kind::LeaseCurrent, "a lease").at(address);
        seen.on_mac(mac.parse().unwrap()).with(attribute::CLIENT_ID, identifier)
    };
    let rows: [(&str, &str, &[&str]); 4] = [
        ("01525400000001", "01525400000002", &[]),
        ("616263", "616263", &["client-identifier-shared"]),
        ("ff000000010003616263", "ff000000020003616263", &["machine-identity-shared"]),
        ("6162xx", "6162xx", &[]),
    ];
    for (own, copy, expected) in rows {
        let mut scene = Scene::at_home();
        scene.others.push(machine("copy", COPY));
        scene.observations.push(lease([192, 168, 1, 64], VM, own));
        scene.observations_of_others.push(("copy", lease([192, 168, 1, 65], COPY, copy)));
        assert_eq!(compared(&present(&scene)), expected, "{own} {copy}");
    }
}

/// A client without an identifier is known by its MAC, which is its own.
#[test]
fn clients_without_an_identifier_do_not_share_one() {
    let ack = "ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600";
    let rows = [("REQUEST 1", true), ("REQUEST 1 id own", true), ("OFFER 1", false)];
    for (first, known) in rows {
        let mut scene = Scene::at_home().guest(&format!("1 REQUEST 1\n2 {ack}"));
        scene.others.push(machine("copy", COPY));
        scene.other_guests.push(traffic(&of_copy(&format!("8 {first}\n9 {ack}"))));
        assert_eq!(compared(&present(&scene)), ["address-given-twice"], "{first}");
        assert_eq!(absent(&scene).contains(&"client-identifier-shared"), known, "{first}");
    }
}

/// The seconds for which the machine was given its address, the address that a lease file has for the
/// copy, and whether both have one.
#[test]
fn a_lease_file_shows_a_second_owner_as_well() {
    let rows = [(3600, 64, true), (3600, 65, false), (1, 64, false)];
    for (seconds, last, twice) in rows {
        let line = format!("9 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s {seconds}");
        let mut scene = Scene::at_home().guest(&line);
        scene.others.push(machine("copy", COPY));
        let lease = Observation::new(0, Kind::LeaseCurrent, "a lease").at([192, 168, 1, last]);
        scene.observations_of_others.push(("copy", lease.on_mac(COPY.parse().unwrap())));
        assert_eq!(present(&scene).contains(&"address-given-twice"), twice, "{seconds} {last}");
    }
}

#[test]
fn two_servers_that_give_one_address_are_two_servers() {
    let lines = |server: u8| format!("9 ACK 1 to 192.168.1.64 by 192.168.1.{server} for-s 3600");
    for (other, several) in [(254, false), (3, true)] {
        let mut scene = Scene::at_home().guest(&lines(254));
        scene.others.push(machine("copy", COPY));
        scene.other_guests.push(traffic(&of_copy(&lines(other))));
        let codes = if several { present(&scene) } else { absent(&scene) };
        assert!(codes.contains(&"several-servers-answer"), "{other}");
    }
}
