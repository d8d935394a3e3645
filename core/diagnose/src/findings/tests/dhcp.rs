//! Captures and the differential test.

use vmkit_dhcp::{Offer, TestCase, TestResult};
use vmkit_types::NetworkMode;

use super::{Scene, absent, present, scene::machine};

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
        ("0 ACK 1 to 192.168.1.50 by 192.168.1.254", &["offered-host-address"]),
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

#[test]
fn a_short_capture_does_not_prove_silence() {
    let mut scene = Scene::at_home().guest("");
    let traffic = scene.guest.as_mut().unwrap();
    let (from, _) = traffic.span.unwrap();
    traffic.span = Some((from, from + std::time::Duration::from_secs(2)));
    let (present, absent) = (present(&scene), absent(&scene));
    assert!(!present.contains(&"guest-port-silent") && !absent.contains(&"guest-port-silent"));
}

#[test]
fn shared_mode_looks_for_no_dhcp_at_the_uplink() {
    let mut scene = Scene::at_home().guest(ASKS).uplink("");
    scene.machine.mode = Some(NetworkMode::Shared);
    assert!(!present(&scene).contains(&"request-lost-in-host"));
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
        let offer = Offer { server: None, yiaddr: None };
        let result = |(case, answered): (TestCase, bool)| TestResult {
            case,
            chaddr: None,
            sent: 3,
            offers: if answered { vec![offer.clone()] } else { Vec::new() },
        };
        let mut scene = Scene::at_home();
        scene.test = Some(answers.into_iter().map(result).collect());
        let found = present(&scene);
        let found: Vec<_> = found.into_iter().filter(|code| code.starts_with("test-")).collect();
        assert_eq!(found, *expected, "{answered:?} {unicast:?}");
    }
}
