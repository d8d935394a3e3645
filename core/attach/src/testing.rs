//! Networks for tests, written as text.

use vmkit_types::{HostNetwork, Interface, InterfaceKind, Mac, Prefix, Route};

/// From `eth0 ethernet 192.168.1.20/24 br0 down, …`, where all but the name may be omitted, and
/// `192.168.1.0/24 eth0, …`.
pub(crate) fn network(interfaces: &str, routes: &str) -> HostNetwork {
    let items = |text| str::split(text, ", ").filter(|item| !item.is_empty());
    HostNetwork {
        interfaces: items(interfaces).map(interface).collect(),
        routes: items(routes).map(route).collect(),
    }
}

fn interface(text: &str) -> Interface {
    let mut words = text.split_whitespace();
    let mut interface = Interface {
        name: words.next().unwrap().to_owned(),
        mac: Some(Mac::new([2, 0, 0, 0, 0, 1])),
        addresses: Vec::new(),
        kind: InterfaceKind::Ethernet,
        up: true,
        bridge: None,
    };
    for word in words {
        match (kind(word), word) {
            (Some(kind), _) => interface.kind = kind,
            (None, "down") => interface.up = false,
            (None, word) if word.contains('/') => interface.addresses.push(prefix(word)),
            (None, bridge) => interface.bridge = Some(bridge.to_owned()),
        }
    }
    interface
}

fn kind(word: &str) -> Option<InterfaceKind> {
    Some(match word {
        "wifi" => InterfaceKind::Wifi,
        "ethernet" => InterfaceKind::Ethernet,
        "bridge" => InterfaceKind::Bridge,
        "tap" => InterfaceKind::Tap,
        "loopback" => InterfaceKind::Loopback,
        "vpn" => InterfaceKind::Vpn,
        "container" => InterfaceKind::Container,
        "unknown" => InterfaceKind::Unknown,
        _ => return None,
    })
}

fn route(text: &str) -> Route {
    let (destination, interface) = text.split_once(' ').unwrap();
    Route { destination: prefix(destination), gateway: None, interface: interface.to_owned() }
}

fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap();
    Prefix { address: address.parse().unwrap(), length: length.parse().unwrap() }
}
