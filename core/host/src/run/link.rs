//! The host's links, and which candidates lie on which.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_proxy::arp::Link;
use vmkit_types::{HostNetwork, Interface, InterfaceKind};

/// The links on which hosts can be asked by ARP: where there are Ethernet addresses and the host has
/// an IPv4 address of its own. Loopback and tunnels do not count.
pub(super) fn links(network: &HostNetwork) -> Vec<Link> {
    let usable = |interface: &&Interface| {
        let local = !matches!(interface.kind, InterfaceKind::Loopback | InterfaceKind::Vpn);
        local && interface.up && !interface.name.contains(char::is_whitespace)
    };
    let of_interface = |interface: &Interface| {
        let (name, mac) = (interface.name.clone(), interface.mac.filter(|mac| !mac.is_zero()));
        let own = interface.addresses.clone().into_iter();
        own.filter_map(move |prefix| match (prefix.address, mac) {
            (IpAddr::V4(address), Some(mac)) => {
                Some(Link { interface: name.clone(), mac, address, length: prefix.length })
            }
            _ => None,
        })
    };
    network.interfaces.iter().filter(usable).flat_map(of_interface).collect()
}

/// The link of the smallest network that holds the address, which is not the host's own.
pub(super) fn link_of(address: IpAddr, links: &[Link]) -> Option<&Link> {
    let IpAddr::V4(address) = address else { return None };
    let is_own = |own: Ipv4Addr| own == address;
    let holding = links.iter().filter(|link| link.holds(address) && !is_own(link.address));
    holding.max_by_key(|link| link.length)
}

#[cfg(test)]
mod tests {
    use vmkit_types::{Mac, Prefix};

    use super::*;

    fn interface(name: &str, address: [u8; 4], length: u8, kind: InterfaceKind) -> Interface {
        Interface {
            name: name.to_owned(),
            mac: Some(Mac::new([0x52, 0x54, 0, 0, 0, 9])),
            addresses: vec![Prefix { address: address.into(), length }],
            kind,
            up: true,
            bridge: None,
        }
    }

    #[test]
    fn each_address_is_on_the_nearest_link_or_on_none() {
        let down =
            Interface { up: false, ..interface("en9", [10, 9, 0, 1], 24, InterfaceKind::Ethernet) };
        let bare =
            Interface { mac: None, ..interface("p2p", [10, 8, 0, 1], 24, InterfaceKind::Unknown) };
        let network = HostNetwork {
            interfaces: vec![
                interface("lo", [127, 0, 0, 1], 8, InterfaceKind::Loopback),
                interface("br0", [192, 168, 1, 50], 24, InterfaceKind::Bridge),
                interface("en0", [192, 168, 0, 9], 16, InterfaceKind::Wifi),
                interface("tun0", [10, 0, 0, 1], 8, InterfaceKind::Vpn),
                down,
                bare,
            ],
            routes: Vec::new(),
        };
        let links = links(&network);
        let rows = [
            ("192.168.1.64", Some("br0 192.168.1.50/24")),
            ("192.168.2.64", Some("en0 192.168.0.9/16")),
            ("192.168.1.50", Some("en0 192.168.0.9/16")),
            ("127.0.0.2", None),
            ("10.0.0.7", None),
            ("10.9.0.7", None),
            ("10.8.0.7", None),
            ("fe80::1", None),
        ];
        for (address, expected) in rows {
            let link = link_of(address.parse().unwrap(), &links);
            let text = link.map(|Link { interface, address, length, .. }| {
                format!("{interface} {address}/{length}")
            });
            assert_eq!(text.as_deref(), expected, "{address}");
        }
    }
}
