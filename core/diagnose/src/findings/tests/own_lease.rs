//! What servers offer, beside the lease of this computer itself.

use std::time::Duration;

use vmkit_survey::OwnLease;
use vmkit_types::{Prefix, Reading, Unread};

use super::{Scene, absent, present};
use crate::State;

/// A lease of this computer's address on br0.
fn own(server: u8, router: u8) -> Reading<OwnLease> {
    Reading::Known(OwnLease {
        address: [192, 168, 1, 50].into(),
        client: None,
        server: Some([192, 168, 1, server].into()),
        router: Some([192, 168, 1, router].into()),
        length: Some(Duration::from_hours(24)),
    })
}

/// What a server offers the machine, the lease of this computer, and the findings. The route leads by .254.
#[test]
fn compares_an_offer_with_the_own_lease() {
    let elsewhere = OwnLease {
        address: [10, 9, 9, 9].into(),
        client: None,
        server: Some([10, 9, 9, 1].into()),
        router: Some([10, 9, 9, 1].into()),
        length: None,
    };
    let unknown = || Reading::Unknown(Unread::NotTried);
    let rows: [(&str, Reading<OwnLease>, &[&str]); 8] = [
        ("by 192.168.1.254 router 192.168.1.254", own(254, 254), &[]),
        // The server of the own lease is silent.
        ("by 192.168.1.3 router 192.168.1.254", own(254, 254), &["several-servers-answer"]),
        (
            "by 192.168.1.3 router 192.168.1.3",
            own(254, 254),
            &["several-servers-answer", "offered-bad-gateway"],
        ),
        // The same server has changed its mind.
        ("by 192.168.1.254 router 192.168.1.9", own(254, 254), &["offered-bad-gateway"]),
        // The route of this computer was set by hand.
        ("by 192.168.1.254 router 192.168.1.9", own(254, 9), &[]),
        // A static address, nobody knows, and the lease of another network.
        ("by 192.168.1.3 router 192.168.1.254", Reading::Absent, &[]),
        ("by 192.168.1.3 router 192.168.1.254", unknown(), &[]),
        ("by 192.168.1.3 router 192.168.1.254", Reading::Known(elsewhere), &[]),
    ];
    let about = ["several-servers-answer", "offered-bad-gateway"];
    for (offer, lease, expected) in rows {
        let line = format!("0 OFFER 1 to 192.168.1.64 {offer}");
        let mut scene = Scene::at_home().guest(&line).uplink(&line);
        scene.survey.own_leases = lease.clone().map(|lease| vec![lease]);
        let found = present(&scene);
        let found: Vec<_> = about.into_iter().filter(|code| found.contains(code)).collect();
        assert_eq!(found, expected, "{offer} {lease:?}");
        // The lease of the uplink may be one of several.
        let several = [elsewhere].into_iter().chain(lease.clone().known()).collect();
        scene.survey.own_leases = Reading::Known(several);
        let found = present(&scene);
        let found: Vec<_> = about.into_iter().filter(|code| found.contains(code)).collect();
        assert_eq!(found, expected, "further: {offer} {lease:?}");
    }
}

#[test]
fn says_which_server_was_silent_and_how_long_the_own_lease_lasts() {
    let line = "0 OFFER 1 to 192.168.1.64 by 192.168.1.3 for-s 30";
    let mut scene = Scene::at_home().guest(line);
    scene.survey.own_leases = own(254, 254).map(|lease| vec![lease]);
    let says = |code: &str| {
        scene.facts(|facts| {
            let all = crate::findings(facts, &super::CATALOGUE);
            match &all.iter().find(|it| it.code.code() == code).unwrap().state {
                State::Present(says) => says.clone(),
                other => panic!("{other:?}"),
            }
        })
    };
    let silent =
        "192.168.1.3; 192.168.1.254 gave this computer its own lease and was not seen to answer";
    assert_eq!(says("several-servers-answer"), silent);
    let short = "it gives a lease of 30 s; this computer's own lasts 86400 s";
    assert_eq!(says("offered-short-lease"), short);
}

#[test]
fn the_own_lease_is_of_a_network_that_an_offer_names() {
    for (mask, disagree) in [(16, false), (24, false), (26, true)] {
        let lines = format!("0 OFFER 2 to 192.168.1.77 by 192.168.1.254 mask {mask}");
        let mut scene = Scene::at_home().uplink(&lines);
        let address = Prefix { address: [192, 168, 1, 50].into(), length: 16 };
        scene = scene.interface("en0", |uplink| uplink.addresses = vec![address]);
        scene.survey.own_leases = own(66, 254).map(|lease| vec![lease]);
        let codes = if disagree { present(&scene) } else { absent(&scene) };
        assert!(codes.contains(&"servers-disagree-on-subnet"), "/{mask}");
    }
}

/// The address of the Wi-Fi, the one that its lease was given to, and whether it has changed.
#[test]
fn a_private_address_may_have_changed_since_the_lease() {
    let (card, private, former) = ("3c:22:fb:00:00:0a", "0a:22:fb:00:00:0a", "0e:22:fb:00:00:0a");
    let rows = [
        (card, None, Some(false)),
        (card, Some(former), Some(false)),
        (private, None, None),
        (private, Some(private), Some(false)),
        (private, Some(former), Some(true)),
    ];
    for (mac, client, expected) in rows {
        let mut scene = Scene::at_home();
        scene = scene.interface("en0", |uplink| uplink.mac = Some(mac.parse().unwrap()));
        let lease = own(254, 254).known().unwrap();
        let client = client.map(|client| client.parse().unwrap());
        scene.survey.own_leases = Reading::Known(vec![OwnLease { client, ..lease }]);
        let code = "wifi-address-changed";
        let found = (present(&scene).contains(&code), absent(&scene).contains(&code));
        assert_eq!(found, (expected == Some(true), expected == Some(false)), "{mac} {client:?}");
    }
}
