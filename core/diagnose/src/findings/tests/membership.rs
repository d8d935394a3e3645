//! Ports, bridges, VLANs and macvtaps.

use vmkit_survey::bridges;
use vmkit_types::{InterfaceKind, Kind, NetworkMode, Observation, Prefix, Reading};

use super::{Scene, absent, present, scene::VM};
use crate::circumstance::{Circumstance, circumstances};

/// Whether the finding is there; `None`: it was not judged.
fn found(scene: &Scene, code: &str) -> Option<bool> {
    let (there, not_there) = (present(scene).contains(&code), absent(scene).contains(&code));
    (there || not_there).then_some(there)
}

const PORT: &str = "port-not-in-bridge";
const UPLINK: &str = "bridge-has-no-uplink";

#[test]
fn finds_a_port_outside_the_bridge() {
    assert_eq!(found(&Scene::at_home(), PORT), Some(false));
    let out = Scene::at_home().interface("tap0", |tap| tap.bridge = None);
    assert_eq!(found(&out, PORT), Some(true));
    let elsewhere = Scene::at_home().interface("tap0", |tap| tap.bridge = Some("br9".to_owned()));
    assert_eq!(found(&elsewhere, PORT), Some(true));
}

#[test]
fn a_macvtap_needs_no_bridge() {
    let mut macvtap = Scene::at_home()
        .interface("tap0", |tap| tap.bridge = None)
        .interface("en0", |en0| en0.bridge = None);
    macvtap.machine.interface = Some("en0".to_owned());
    assert_eq!(found(&macvtap, PORT), Some(false));
    let holds = |scene: &Scene| {
        scene.facts(|facts| circumstances(facts).contains(&Circumstance::PortMacvtap))
    };
    assert!(holds(&macvtap) && !holds(&Scene::at_home()));
    macvtap.machine.interface = None;
    assert_eq!(found(&macvtap, PORT), Some(true), "a tap that somebody forgot");
}

/// The bridge has lost its card. The port is right, unless another bridge leads out.
#[test]
fn a_port_in_a_bridge_that_lost_its_card_is_right() {
    let lost = |kind: InterfaceKind| {
        Scene::at_home().interface("en0", |en0| {
            en0.bridge = None;
            en0.kind = kind;
        })
    };
    let scene = lost(InterfaceKind::Ethernet);
    assert_eq!((found(&scene, UPLINK), found(&scene, PORT)), (Some(true), Some(false)));
    let mut other = lost(InterfaceKind::Ethernet);
    if let Reading::Known(network) = &mut other.network {
        let mut bridge = network.interfaces[1].clone();
        bridge.name = "br7".to_owned();
        network.interfaces.push(bridge);
        network.interfaces[0].bridge = Some("br7".to_owned());
    }
    assert_eq!((found(&other, UPLINK), found(&other, PORT)), (Some(true), Some(true)));
    let mut wifi = lost(InterfaceKind::Wifi);
    wifi.machine.interface = Some("en0".to_owned());
    assert_eq!(found(&wifi, PORT), Some(true), "Linux cannot bridge Wi-Fi");
}

#[test]
fn the_port_of_a_shared_machine_is_judged() {
    let shared = |change: fn(&mut vmkit_types::Interface)| {
        let mut scene = Scene::at_home().interface("tap0", change);
        scene.machine.mode = Some(NetworkMode::Shared);
        found(&scene, PORT)
    };
    assert_eq!(shared(|_| {}), Some(false));
    assert_eq!(shared(|tap| tap.bridge = None), Some(true));
    let routed = |tap: &mut vmkit_types::Interface| {
        tap.bridge = None;
        tap.addresses.push(Prefix { address: [10, 0, 0, 1].into(), length: 32 });
    };
    assert_eq!(shared(routed), Some(false));
}

/// A guest in a VLAN may have an address of another network than this computer's.
#[test]
fn a_guest_in_a_vlan_is_not_off_subnet() {
    let at = |filtering: u8| {
        let mut scene = Scene::at_home();
        for kind in [Kind::ConsoleAddress, Kind::DhcpAck] {
            let seen = Observation::new(0, kind, "seen").at(std::net::IpAddr::from([10, 20, 0, 7]));
            scene.observations.push(seen.on_mac(VM.parse().unwrap()));
        }
        let text = format!(
            r#"[{{"ifname":"br0","linkinfo":{{"info_kind":"bridge","info_data":{{"vlan_filtering":{filtering}}}}}}}]"#
        );
        scene.survey.bridges = bridges(text.as_bytes());
        scene.guest("1 DISCOVER 1\n2 OFFER 1 to 10.20.0.7 by 10.20.0.1\n3 REQUEST 1\n4 ACK 1 to 10.20.0.7 by 10.20.0.1")
    };
    let codes = ["address-off-subnet", "offered-other-subnet"];
    for code in codes {
        assert_eq!(found(&at(0), code), Some(true), "{code}");
        assert_eq!(found(&at(1), code), None, "{code}");
    }
    let alone = at(0).interface("br0", |br0| br0.addresses.clear());
    assert_eq!(found(&alone, "address-off-subnet"), Some(true));
    let mut vlan = at(0).interface("br0", |br0| br0.addresses.clear());
    vlan = vlan.interface("en0", |en0| en0.name = "en0.20".to_owned());
    assert_eq!(found(&vlan, "address-off-subnet"), None);
}

/// What was captured at the port of a machine with an IPv6 address, and whether an address is missing and
/// whether it has only IPv6.
#[test]
fn ipv6_does_not_stand_in_for_an_ipv4_address_that_is_asked_for() {
    let rows: [(&str, Option<bool>, Option<bool>); 3] = [
        ("1 DISCOVER 1\n5 DISCOVER 1", Some(true), None),
        ("1 frame from 52:54:00:00:00:01", Some(false), Some(true)),
        ("", Some(false), Some(true)),
    ];
    for (capture, missing, only) in rows {
        let mut scene = Scene::at_home().guest(capture);
        let address: std::net::IpAddr = "2001:db8::7".parse().unwrap();
        for kind in [Kind::NeighbourReachable, Kind::SshReady] {
            let seen = Observation::new(0, kind, "seen").at(address);
            scene.observations.push(seen.on_mac(VM.parse().unwrap()));
        }
        assert_eq!(found(&scene, "address-missing"), missing, "{capture}");
        assert_eq!(found(&scene, "address-only-ipv6"), only, "{capture}");
    }
}
