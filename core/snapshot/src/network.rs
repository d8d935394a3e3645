//! The host's network, to and from `snapshot.json`.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix, Route};

use crate::document;

/// The words for the kinds of interfaces.
const KINDS: [(InterfaceKind, &str); 8] = [
    (InterfaceKind::Wifi, "wifi"),
    (InterfaceKind::Ethernet, "ethernet"),
    (InterfaceKind::Bridge, "bridge"),
    (InterfaceKind::Tap, "tap"),
    (InterfaceKind::Loopback, "loopback"),
    (InterfaceKind::Vpn, "vpn"),
    (InterfaceKind::Container, "container"),
    (InterfaceKind::Unknown, "unknown"),
];

/// The network in the document. Malformed values are named in `problems`.
pub(crate) fn read(host: &document::Host, problems: &mut Vec<String>) -> HostNetwork {
    let interfaces = host.interfaces.iter().map(|interface| Interface {
        name: interface.name.clone(),
        mac: interface.mac.as_ref().and_then(|mac| {
            mac.parse().map_err(|_| problems.push(format!("interface MAC {mac:?}"))).ok()
        }),
        addresses: interface
            .ipv4
            .iter()
            .chain(&interface.ipv6)
            .filter_map(|text| {
                let prefix = prefix(text);
                if prefix.is_none() {
                    problems.push(format!("interface address {text:?}"));
                }
                prefix
            })
            .collect(),
        kind: kind(interface.kind.as_deref()),
        // An interface without a recorded state was up: its addresses were recorded.
        up: interface.up.unwrap_or(true),
        bridge: interface.bridge.clone(),
    });
    let interfaces = interfaces.collect();
    let routes = host.routes.iter().filter_map(|route| {
        let read = route_in(route);
        if read.is_none() {
            problems.push(format!("route to {:?}", route.dst));
        }
        read
    });
    HostNetwork { interfaces, routes: routes.collect() }
}

fn route_in(route: &document::Route) -> Option<Route> {
    let destination = if route.dst == "default" {
        Prefix { address: Ipv4Addr::UNSPECIFIED.into(), length: 0 }
    } else {
        prefix(&route.dst)?
    };
    let gateway = match &route.gateway {
        Some(text) => Some(text.parse().ok()?),
        None => None,
    };
    Some(Route { destination, gateway, interface: route.dev.clone() })
}

fn prefix(text: &str) -> Option<Prefix> {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(most), |length| length.parse().ok())?;
    (length <= most).then_some(Prefix { address, length })
}

fn kind(word: Option<&str>) -> InterfaceKind {
    let known = KINDS.iter().find(|(_, name)| Some(*name) == word);
    known.map_or(InterfaceKind::Unknown, |(kind, _)| *kind)
}

/// The network for the document.
pub(crate) fn write(network: &HostNetwork) -> document::Host {
    let of_family = |interface: &Interface, v4: bool| {
        let own = interface.addresses.iter().filter(|prefix| prefix.address.is_ipv4() == v4);
        own.map(ToString::to_string).collect()
    };
    document::Host {
        interfaces: network
            .interfaces
            .iter()
            .map(|interface| document::Interface {
                name: interface.name.clone(),
                mac: interface.mac.map(|mac| mac.to_string()),
                ipv4: of_family(interface, true),
                ipv6: of_family(interface, false),
                kind: KINDS
                    .iter()
                    .find(|(kind, _)| *kind == interface.kind)
                    .map(|(_, name)| (*name).to_owned()),
                up: Some(interface.up),
                bridge: interface.bridge.clone(),
                vm: None,
            })
            .collect(),
        routes: network
            .routes
            .iter()
            .map(|route| document::Route {
                dst: if route.destination.length == 0 {
                    "default".to_owned()
                } else {
                    route.destination.to_string()
                },
                gateway: route.gateway.map(|gateway| gateway.to_string()),
                dev: route.interface.clone(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_network_that_it_wrote() {
        let network = HostNetwork {
            interfaces: vec![Interface {
                name: "en0".to_owned(),
                mac: Some("aa:aa:aa:aa:aa:aa".parse().unwrap()),
                addresses: vec![prefix("192.168.1.50/24").unwrap(), prefix("fe80::1/64").unwrap()],
                kind: InterfaceKind::Wifi,
                up: true,
                bridge: Some("bridge100".to_owned()),
            }],
            routes: vec![
                Route {
                    destination: prefix("0.0.0.0/0").unwrap(),
                    gateway: Some([192, 168, 1, 254].into()),
                    interface: "en0".to_owned(),
                },
                Route {
                    destination: prefix("10.0.0.0/8").unwrap(),
                    gateway: None,
                    interface: "utun3".to_owned(),
                },
            ],
        };
        let mut problems = Vec::new();
        assert_eq!(read(&write(&network), &mut problems), network);
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn names_malformed_addresses() {
        let host: document::Host = serde_json::from_str(
            r#"{"interfaces":[{"name":"en0","mac":"x","ipv4":["1.2.3.4/33","1.2.3.4/24"]}],
                "routes":[{"dst":"default","gateway":"y","dev":"en0"}]}"#,
        )
        .unwrap();
        let mut problems = Vec::new();
        let network = read(&host, &mut problems);
        assert_eq!(network.interfaces[0].addresses.len(), 1);
        let expected =
            ["interface MAC \"x\"", "interface address \"1.2.3.4/33\"", "route to \"default\""];
        assert_eq!(problems, expected);
    }
}
