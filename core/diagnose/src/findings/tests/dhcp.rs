//! Captures and the differential test.

use std::time::Duration;

use vmkit_dhcp::{Offer, TestCase, TestResult};
use vmkit_survey::OwnLease;
use vmkit_types::{Kind, NetworkMode, Prefix, Reading, attribute};

use super::{Scene, absent, present, scene::machine, surroundings::saw};

const ASKS: &str = "0 DISCOVER 1\n 3 DISCOVER 2\n 6 DISCOVER 3";
const LEASES: &str = "0 DISCOVER 1\n 0.1 OFFER 1 to 192.168.1.64 by 192.168.1.254 router 192.168.1.254
    0.2 REQUEST 1 for 192.168.1.64 by 192.168.1.254\n 0.3 ACK 1 to 192.168.1.64 by 192.168.1.254 router 192.168.1.254";

/// Messages at the port, messages at the uplink (`-`: no capture), and the findings except the missing
/// address.
#[test]
fn finds_where_an_exchange_breaks_off() {
    let host_sends =
        "0 DISCOVER 1 from aa:aa:aa:aa:aa:aa flag\n 3 DISCOVER 2 from aa:aa:aa:aa:aa:aa flag";
    let rows: &[(&str, &str, &[&str])] = &[
        (LEASES, "-", &[]),
        (LEASES, LEASES, &["foreign-mac-on-air"]),
        ("", "-", &["guest-port-silent"]),
        ("1 frame from 52:54:00:00:00:01", "-", &["guest-never-asks"]),
        (ASKS, "-", &["discover-unanswered"]),
        (ASKS, "", &["discover-unanswered", "request-lost-in-host"]),
        (ASKS, ASKS, &["discover-unanswered", "foreign-mac-on-air", "offer-never-arrives"]),
        (ASKS, host_sends, &["discover-unanswered", "offer-never-arrives"]),
        (
            ASKS,
            "0 DISCOVER 1 from aa:aa:aa:aa:aa:aa\n 0.2 OFFER 1 to 192.168.1.64 by 192.168.1.254",
            &["discover-unanswered", "offer-lost-in-host"],
        ),
        (
            "0 DISCOVER 1\n 0.1 OFFER 1 to 192.168.1.64\n 3 DISCOVER 2\n 3.1 OFFER 2 to 192.168.1.64",
            "-",
            &["offer-ignored"],
        ),
        (
            "0 DISCOVER 1\n 0.1 OFFER 1 to 192.168.1.64 broken\n 3 DISCOVER 1\n 3.1 OFFER 1 to 192.168.1.64 broken",
            "-",
            &["offer-ignored", "offer-checksum-wrong"],
        ),
        (
            "0 DISCOVER 1\n 0.1 OFFER 1 to 192.168.1.64\n 0.2 REQUEST 1\n 2 REQUEST 1\n 5 REQUEST 1",
            "-",
            &["acknowledgement-missing"],
        ),
        (
            "0 DISCOVER 1\n 3 DISCOVER 2\n 9 DISCOVER 3\n 9.1 OFFER 3 to 192.168.1.64\n 9.2 REQUEST 3\n 9.3 ACK 3 to 192.168.1.64",
            "-",
            &["first-requests-unanswered"],
        ),
        (
            "0 REQUEST 1 for 10.0.0.9\n 0.1 NAK 1 by 192.168.1.254\n 1 REQUEST 2\n 1.1 NAK 2 by 192.168.1.3",
            "-",
            &["request-refused", "request-refused-again-and-again", "several-servers-answer"],
        ),
        // Two servers that refuse one request refuse once.
        (
            "0 REQUEST 1 for 10.0.0.9\n 0.1 NAK 1 by 192.168.1.254\n 0.2 NAK 1 by 192.168.1.3",
            "-",
            &["request-refused", "several-servers-answer"],
        ),
        (
            "0 DISCOVER 1\n 0.1 OFFER 1 to 192.168.1.64\n 0.2 REQUEST 1\n 0.3 ACK 1 to 192.168.1.64\n 2 DECLINE 1 for 192.168.1.64",
            "-",
            &["address-declined"],
        ),
        (
            "0 REQUEST 1 has 192.168.1.64\n 5 REQUEST 2 has 192.168.1.64\n 12 REQUEST 3 has 192.168.1.64",
            "-",
            &["renewal-unanswered"],
        ),
        (
            "0 DISCOVER 1 flag\n 3 DISCOVER 2 flag\n 6 DISCOVER 3 flag",
            "-",
            &["discover-unanswered"],
        ),
    ];
    for (guest, uplink, expected) in rows {
        let scene = Scene::at_home().guest(guest);
        let scene = if *uplink == "-" { scene } else { scene.uplink(uplink) };
        let mut expected = expected.to_vec();
        expected.push("address-missing");
        expected.sort_unstable();
        let mut found = present(&scene);
        found.sort_unstable();
        assert_eq!(found, expected, "port:\n{guest}\nuplink:\n{uplink}");
    }
}

/// The last OFFER or ACK of an exchange, and the findings about its terms.
#[test]
fn checks_the_terms_of_a_lease() {
    let rows: &[(&str, &[&str])] = &[
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 router 192.168.1.254", &[]),
        ("0 ACK 1 to 10.9.9.9 by 10.9.9.1 router 10.9.9.1", &["offered-other-subnet"]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 router 10.0.0.1", &["offered-bad-gateway"]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 router 192.168.1.9", &["offered-bad-gateway"]),
        // Clouds give an address alone, and a lease need not have a mask: then the router may be anywhere.
        ("0 ACK 1 to 10.9.9.9 by 10.9.9.1 mask 32 router 10.9.9.1", &["offered-other-subnet"]),
        ("0 ACK 1 to 10.9.9.9 by 10.9.9.1 mask none router 10.9.1.1", &["offered-other-subnet"]),
        (
            "0 ACK 1 to 192.168.1.64 by 192.168.1.254 mask none router 192.168.1.9",
            &["offered-bad-gateway"],
        ),
        ("0 ACK 1 to 192.168.1.50 by 192.168.1.254", &["offered-host-address"]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 mask 24 for-s 3600", &[]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 mask 16", &["offered-other-mask"]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 mask 26", &["offered-other-mask"]),
        ("0 ACK 1 to 10.9.9.9 by 10.9.9.1 mask 8", &["offered-other-subnet"]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 30", &["offered-short-lease"]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 mtu 1400", &[]),
        ("0 ACK 1 to 192.168.1.64 by 192.168.1.254 mtu 576", &["offered-small-mtu"]),
        (
            "0 OFFER 1 to 192.168.1.64 by 192.168.1.254\n 0 OFFER 2 to 192.168.1.65 by 192.168.1.3",
            &["several-servers-answer"],
        ),
        (
            "0 OFFER 2 to 10.9.9.9 by 10.9.9.1\n 1 OFFER 1 to 192.168.1.64 by 192.168.1.254",
            &["several-servers-answer", "servers-disagree-on-subnet"],
        ),
        (
            "0 DISCOVER 1 id same\n 1 DISCOVER 2 chaddr 52:54:00:00:00:02 id same",
            &["client-identifier-shared"],
        ),
    ];
    let terms = [
        "offered-other-subnet",
        "offered-bad-gateway",
        "offered-host-address",
        "offered-other-mask",
        "offered-short-lease",
        "offered-small-mtu",
        "several-servers-answer",
        "servers-disagree-on-subnet",
        "client-identifier-shared",
    ];
    for (lines, expected) in rows {
        let mut scene = Scene::at_home().guest(lines);
        scene.others.push(machine("copy", "52:54:00:00:00:02"));
        let found = present(&scene);
        let found: Vec<_> = terms.into_iter().filter(|code| found.contains(code)).collect();
        assert_eq!(found, *expected, "{lines}");
    }
}

/// What servers offer this computer and the machine in the test, and the findings.
#[test]
fn checks_the_values_of_offers_where_the_machine_has_an_address() {
    let offer =
        |server: [u8; 4], yiaddr: [u8; 4], prefix: u8, router: [u8; 4], lease_s: u32| Offer {
            server: Some(server.into()),
            yiaddr: Some(yiaddr.into()),
            prefix: Some(prefix),
            routers: vec![router.into()],
            lease_s: Some(lease_s),
            mtu: Reading::Absent,
        };
    let (good, router) = ([192, 168, 1, 254], [192, 168, 1, 254]);
    let usual = offer(good, [192, 168, 1, 64], 24, router, 3600);
    let rogue = [192, 168, 1, 3];
    let two = ["offered-bad-gateway", "several-servers-answer"];
    let rows: [(&[Offer], &[&str]); 7] = [
        (std::slice::from_ref(&usual), &[]),
        (&[offer(good, [192, 168, 1, 64], 16, router, 3600)], &["offered-other-mask"]),
        (&[offer(good, [192, 168, 1, 64], 24, router, 20)], &["offered-short-lease"]),
        (&[Offer { mtu: Reading::Known(68), ..usual.clone() }], &["offered-small-mtu"]),
        (&[usual.clone(), offer(rogue, [192, 168, 1, 90], 24, rogue, 3600)], &two),
        (
            &[usual.clone(), offer([10, 9, 9, 1], [10, 9, 9, 9], 24, [10, 9, 9, 1], 3600)],
            &["several-servers-answer", "servers-disagree-on-subnet"],
        ),
        // One network with two masks is no second network of the usual length.
        (
            &[
                offer(good, [10, 1, 0, 9], 16, [10, 1, 0, 1], 60),
                offer(rogue, [10, 1, 7, 9], 16, [10, 1, 0, 1], 60),
            ],
            &["several-servers-answer"],
        ),
    ];
    let wanted = |code: &&str| code.starts_with("offered-") || code.starts_with("se");
    for (offers, expected) in rows {
        let mut scene = Scene::at_home();
        let result = TestResult { offers: offers.to_vec(), ..counted(TestCase::Host, 1, 1) };
        scene.test = Some(vec![result]);
        let found: Vec<_> = present(&scene).into_iter().filter(wanted).collect();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        let mut found = found;
        found.sort_unstable();
        assert_eq!(found, expected, "{offers:?}");
    }
}

/// Messages at an uplink that carries several VLANs, and which servers and clients count.
#[test]
fn servers_and_clients_of_other_vlans_are_no_others_of_the_link() {
    let own = "1 OFFER 1 to 192.168.1.64 by 192.168.1.254 for-s 3600";
    let ack = "1 ACK 1 to 192.168.1.64 by 192.168.1.254 for-s 3600";
    let other = "2 ACK 2 to 192.168.1.64 by 10.9.9.1 for-s 3600 chaddr 52:54:00:00:00:02";
    let same = "2 ACK 2 to 192.168.1.64 by 192.168.1.254 for-s 3600 chaddr 52:54:00:00:00:02";
    let several = "several-servers-answer";
    let rows: [(String, &[&str]); 7] = [
        (format!("{own}\n{other}"), &[several]),
        (format!("{own}\n{other} vlan 42"), &[]),
        (format!("{own} vlan 42\n{other} vlan 42"), &[several]),
        (format!("{own} vlan 42\n{other} vlan 43"), &[]),
        (format!("{own} vlan 42\n{other}"), &[]),
        (format!("{ack}\n{same}"), &["address-given-twice"]),
        (format!("{ack}\n{same} vlan 42"), &[]),
    ];
    for (lines, expected) in rows {
        let found = present(&Scene::at_home().uplink(&lines));
        let found: Vec<_> = [several, "address-given-twice"]
            .into_iter()
            .filter(|code| found.contains(code))
            .collect();
        assert_eq!(found, expected, "{lines}");
    }
}

#[test]
fn shared_mode_looks_for_no_dhcp_at_the_uplink() {
    let mut scene = Scene::at_home().guest(ASKS).uplink("");
    scene.machine.mode = Some(NetworkMode::Shared);
    assert!(!present(&scene).contains(&"request-lost-in-host"));
}

#[test]
fn the_server_of_a_user_network_is_none_of_the_uplink() {
    let lines = "0 OFFER 2 to 192.168.1.77 by 192.168.1.254";
    let mut scene = Scene::at_home().uplink(lines);
    let leased = saw(Kind::ConsoleAddress, [10, 0, 2, 15]).with(attribute::SERVER, "10.0.2.2");
    scene.observations = vec![leased];
    assert!(present(&scene).contains(&"several-servers-answer"));
    scene.machine.mode = Some(NetworkMode::User);
    assert!(!present(&scene).contains(&"several-servers-answer"));
}

#[test]
fn a_macs_own_lease_says_that_its_network_has_a_server() {
    let code = "host-unserved";
    let lease = |address: [u8; 4]| {
        let server = Some([192, 168, 1, 254].into());
        Reading::Known(OwnLease {
            address: address.into(),
            client: None,
            server,
            router: None,
            length: None,
        })
    };
    // The uplink's address, the lease, and whether this computer was left unserved.
    let rows = [
        ([192, 168, 1, 50], lease([192, 168, 1, 50]), Some(false)),
        ([192, 168, 1, 50], lease([10, 9, 9, 9]), None),
        ([192, 168, 1, 50], Reading::Absent, None),
        ([169, 254, 3, 4], Reading::Absent, Some(true)),
    ];
    for (address, lease, expected) in rows {
        let address = Prefix { address: address.into(), length: 24 };
        let mut scene =
            Scene::at_home().interface("en0", |uplink| uplink.addresses = vec![address]);
        scene.survey.own_leases = lease.map(|lease| vec![lease]);
        let found = present(&scene).contains(&code);
        let cleared = absent(&scene).contains(&code);
        let seen = [(found, true), (cleared, false)].into_iter().find(|it| it.0).map(|it| it.1);
        assert_eq!(seen, expected, "{address:?}");
    }
}

#[test]
fn the_uplink_of_a_mac_is_believed_once_it_showed_a_frame_of_a_vm() {
    use vmkit_model::Platform::{Linux, MacOs};
    let rows = [
        (Linux, "", true),
        (MacOs, "", false),
        (MacOs, "1 frame from 3c:00:00:00:00:09", false),
        // Over Wi-Fi the frames of all machines have the host's MAC.
        (MacOs, "1 frame from aa:aa:aa:aa:aa:aa", true),
        (MacOs, "1 frame from 52:54:00:00:00:01", true),
    ];
    for (platform, uplink, expected) in rows {
        let mut scene = Scene::at_home().guest(ASKS).uplink(uplink);
        scene.platform = platform;
        let code = "request-lost-in-host";
        assert_eq!(present(&scene).contains(&code), expected, "{platform:?} {uplink}");
        assert!(!absent(&scene).contains(&code), "{platform:?} {uplink}");
    }
}

/// So many of so many questions answered, and time enough for slow servers.
fn counted(case: TestCase, sent: u32, answered: u32) -> TestResult {
    let offers = if answered > 0 { vec![Offer::default()] } else { Vec::new() };
    let waited = Some(Duration::from_secs(4));
    TestResult { case, chaddr: None, sent, answered, waited, offers }
}

/// Offers to the host, the machine, an unknown client, and the machine without the flag (`None`: not
/// tried).
#[test]
fn the_differential_test_shows_which_clients_get_no_offer() {
    let rows: &[([bool; 3], Option<bool>, &[&str])] = &[
        ([true, true, true], None, &[]),
        (
            [true, false, false],
            Some(false),
            &["test-machine-unanswered", "test-foreign-unanswered"],
        ),
        ([true, false, true], Some(false), &["test-machine-unanswered"]),
        (
            [false, false, false],
            Some(false),
            &["test-host-unanswered", "test-machine-unanswered", "test-foreign-unanswered"],
        ),
        ([false, false, false], Some(true), &["test-broadcast-unanswered"]),
    ];
    for (answered, unicast, expected) in rows {
        let cases = [TestCase::Host, TestCase::Machine, TestCase::Foreign];
        let mut answers: Vec<_> = cases.into_iter().zip(*answered).collect();
        answers.extend(unicast.map(|answered| (TestCase::MachineUnicast, answered)));
        let count =
            |(case, answered)| if answered { counted(case, 1, 1) } else { counted(case, 4, 0) };
        let results = answers.into_iter().map(count);
        let mut scene = Scene::at_home();
        scene.test = Some(results.chain([counted(TestCase::Gateway, 16, 16)]).collect());
        let found = present(&scene);
        let found: Vec<_> = found.into_iter().filter(|code| code.starts_with("test-")).collect();
        assert_eq!(found, *expected, "{answered:?} {unicast:?}");
    }
}

#[test]
fn a_lease_that_names_a_login_page_is_a_finding() {
    let with = |portal: &str| {
        let lease = format!(
            "1 DISCOVER 1\n2 OFFER 1 to 192.168.1.64\n3 REQUEST 1\n4 ACK 1 to 192.168.1.64 {portal}"
        );
        present(&Scene::at_home().guest(&lease)).contains(&"web-hijacked")
    };
    assert!(with("portal https://login.example/start"));
    assert!(!with(""));
}

/// ARP requests that were answered of 16, DISCOVERs that were answered of so many for the host, the
/// machine, an unknown client, and the machine without the flag.
#[test]
fn silence_on_a_lossy_link_says_nothing_about_servers_and_filters() {
    type Counted = [(u32, u32); 4];
    let rows: &[(u32, Counted, &[&str])] = &[
        (4, [(0, 3), (0, 3), (0, 3), (1, 3)], &["link-loses-frames"]),
        (4, [(0, 12), (0, 12), (0, 12), (0, 9)], &["link-loses-frames"]),
        (4, [(1, 6), (0, 9), (1, 3), (0, 6)], &["link-loses-frames"]),
        // 40 without an answer are more than a loss of three in four.
        (4, [(1, 6), (0, 40), (1, 3), (1, 3)], &["test-broadcast-unanswered", "link-loses-frames"]),
        (
            16,
            [(1, 1), (0, 4), (0, 4), (0, 4)],
            &["test-machine-unanswered", "test-foreign-unanswered"],
        ),
        (15, [(1, 1), (1, 1), (1, 1), (0, 0)], &[]),
        // Replies by broadcast are lost, ARP replies are not.
        (16, [(2, 9), (1, 7), (2, 11), (0, 0)], &["link-loses-frames"]),
    ];
    for (arp, [host, machine, foreign, unicast], expected) in rows {
        let cases = [
            (TestCase::Host, host),
            (TestCase::Machine, machine),
            (TestCase::Foreign, foreign),
            (TestCase::MachineUnicast, unicast),
            (TestCase::Gateway, &(*arp, 16)),
        ];
        let mut scene = Scene::at_home();
        let counted = cases.map(|(case, (answered, sent))| counted(case, *sent, *answered));
        scene.test = Some(counted.to_vec());
        let found: Vec<_> = present(&scene);
        let of_test = |code: &&str| code.starts_with("test-") || *code == "link-loses-frames";
        let found: Vec<_> = found.into_iter().filter(of_test).collect();
        assert_eq!(found, *expected, "{arp} {host:?} {machine:?} {foreign:?} {unicast:?}");
    }
}
