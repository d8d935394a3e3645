//! The way that this computer's packets take.

use vmkit_survey::routes;
use vmkit_types::{Interface, InterfaceKind, Kind, Observation, Prefix, Reading, Route};

use super::{Scene, absent, present, scene::VM};

const ADDRESS: [u8; 4] = [192, 168, 1, 64];

/// Whether the finding is there; `None`: it was not judged.
fn found_in(scene: &Scene, code: &str) -> Option<bool> {
    let (there, not_there) = (present(scene).contains(&code), absent(scene).contains(&code));
    (there || not_there).then_some(there)
}

/// The machine has an address, and these are the kernel's routes.
fn scene(answer: &str, change: impl FnOnce(&mut Vec<Interface>)) -> Scene {
    let mut scene = Scene::at_home();
    for kind in [Kind::NeighbourReachable, Kind::LeaseCurrent] {
        let seen = Observation::new(0, kind, "seen").at(std::net::IpAddr::from(ADDRESS));
        scene.observations.push(seen.on_mac(VM.parse().unwrap()));
    }
    if !answer.is_empty() {
        scene.survey.routes = Reading::Known(routes(answer.as_bytes()));
    }
    if let Reading::Known(network) = &mut scene.network {
        change(&mut network.interfaces);
    }
    scene
}

fn vpn(interfaces: &mut Vec<Interface>) {
    let mut vpn = interfaces[0].clone();
    (vpn.name, vpn.kind, vpn.bridge) = ("tun0".to_owned(), InterfaceKind::Vpn, None);
    interfaces.push(vpn);
}

#[test]
fn finds_a_vpn_with_a_more_specific_route() {
    let rows =
        [([192, 168, 1, 0], 24, true), ([192, 168, 1, 0], 25, true), ([0, 0, 0, 0], 1, false)];
    for (address, length, expected) in rows {
        let mut scene = scene("", vpn);
        scene.platform = vmkit_model::Platform::MacOs;
        if let Reading::Known(network) = &mut scene.network {
            let destination = Prefix { address: address.into(), length };
            let interface = "tun0".to_owned();
            network.routes.push(Route { destination, gateway: None, interface });
        }
        let found = found_in(&scene, "vpn-takes-subnet");
        assert_eq!(found, Some(expected), "{address:?}/{length}");
    }
}

/// What the kernel answers, and whether a VPN takes the packets and whether they leave elsewhere.
#[test]
fn compares_the_kernels_route_with_the_link_of_the_machine() {
    let rows: &[(&str, Option<bool>, Option<bool>)] = &[
        ("192.168.1.64 dev br0 src 192.168.1.50", Some(false), Some(false)),
        ("192.168.1.64 dev tap0", Some(false), Some(false)),
        ("192.168.1.64 dev tun0 table 52 src 100.64.0.9", Some(true), None),
        ("192.168.1.64 dev eth1 table 100", Some(false), Some(true)),
        ("192.168.1.64 via 192.168.1.254 dev br0", Some(false), Some(true)),
        ("192.168.1.64 via 192.168.1.64 dev br0", Some(false), Some(false)),
        ("unreachable 192.168.1.64", Some(false), Some(true)),
        // The address of this computer, and one that nobody asked for.
        ("local 192.168.1.64 dev lo table local", None, None),
        ("192.168.1.65 dev eth1", None, None),
        ("", None, None),
    ];
    for (answer, takes, elsewhere) in rows {
        let scene = scene(answer, |interfaces| {
            vpn(interfaces);
            let mut lo = interfaces[0].clone();
            (lo.name, lo.kind, lo.bridge) = ("lo".to_owned(), InterfaceKind::Loopback, None);
            interfaces.push(lo);
        });
        assert_eq!(found_in(&scene, "vpn-takes-subnet"), *takes, "{answer}");
        assert_eq!(found_in(&scene, "route-leaves-elsewhere"), *elsewhere, "{answer}");
    }
}

#[test]
fn without_a_vpn_the_main_table_is_enough() {
    assert_eq!(found_in(&scene("", |_| {}), "vpn-takes-subnet"), Some(false));
}

#[test]
fn an_address_outside_the_link_may_take_any_way() {
    let far = |interfaces: &mut Vec<Interface>| interfaces[1].addresses.clear();
    let scene = scene("192.168.1.64 via 10.0.0.1 dev eth1", far);
    assert_eq!(found_in(&scene, "route-leaves-elsewhere"), None);
}

/// Without an answer to ARP, only silence to everything is a finding.
#[test]
fn an_address_that_answered_nothing_is_not_reached() {
    let seen = |kinds: &[Kind]| {
        let mut scene = scene("", |_| {});
        scene.observations.clear();
        for kind in [Kind::ConsoleAddress].iter().chain(kinds) {
            let seen = Observation::new(0, kind.clone(), "seen");
            scene.observations.push(seen.at(std::net::IpAddr::from(ADDRESS)));
        }
        scene
    };
    let rows: &[(&[Kind], Option<bool>)] = &[
        (&[Kind::SshTimeout, Kind::IcmpSilent], Some(true)),
        (&[Kind::SshUnreachable, Kind::IcmpSilent], Some(true)),
        (&[Kind::SshTimeout, Kind::IcmpReply], Some(false)),
        (&[Kind::SshReady], Some(false)),
        (&[Kind::SshTimeout], Some(true)),
        (&[Kind::IcmpSilent], None),
        (&[], None),
    ];
    for (kinds, expected) in rows {
        let scene = seen(kinds);
        let found = found_in(&scene, "address-not-reached");
        let (there, not_there) = (present(&scene), absent(&scene));
        assert_eq!(found, *expected, "{kinds:?}: {there:?} {not_there:?}");
    }
}

/// The other interface, its address, and whether it collides with the network that this computer serves.
#[test]
fn finds_another_network_with_the_addresses_of_the_own_one() {
    let rows: [(&str, [u8; 4], u8, bool, bool); 6] = [
        ("eth1", [192, 168, 1, 37], 24, true, true),
        ("eth1", [192, 168, 0, 1], 16, true, true),
        ("eth1", [192, 168, 2, 37], 24, true, false),
        ("eth1", [192, 168, 1, 37], 24, false, false),
        // A tunnel's own address, and the bridge itself.
        ("eth1", [192, 168, 1, 37], 32, true, false),
        ("br0", [192, 168, 1, 37], 24, true, false),
    ];
    for (name, address, length, up, expected) in rows {
        let mut scene = scene("", |interfaces| {
            let mut other = interfaces[0].clone();
            (other.name, other.kind, other.bridge) =
                (name.to_owned(), InterfaceKind::Ethernet, None);
            other.addresses = vec![Prefix { address: address.into(), length }];
            other.up = up;
            interfaces.push(other);
        });
        scene.machine.mode = Some(vmkit_types::NetworkMode::Shared);
        let found = found_in(&scene, "subnets-collide");
        assert_eq!(found, Some(expected), "{name} {address:?}/{length} {up}");
        scene.machine.mode = Some(vmkit_types::NetworkMode::Bridged);
        assert_eq!(found_in(&scene, "subnets-collide"), None, "twice on one LAN");
    }
}

#[test]
fn large_pings_that_are_lost_are_a_finding() {
    use vmkit_types::attribute::LARGE;
    for (large, expected) in [("lost", Some(true)), ("passed", Some(false)), ("", None)] {
        let mut scene = scene("", |_| {});
        let seen = Observation::new(0, Kind::IcmpReply, "seen").with(LARGE, large);
        scene.observations.push(seen.at(std::net::IpAddr::from(ADDRESS)));
        assert_eq!(found_in(&scene, "path-carries-small-packets-only"), expected, "{large}");
    }
}
