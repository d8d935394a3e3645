//! The network of this computer's own: 192.168.105.0/24, or another one where that is in use.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_types::{HostNetwork, Prefix};

/// The networks that may be used, the preferred one first. Those of one private range are followed by
/// another's, since companies route whole ranges through their VPN. The last is reserved for
/// measurements (RFC 2544), so that a computer whose VPN takes all private ranges has one too.
const CANDIDATES: [Ipv4Addr; 9] = [
    Ipv4Addr::new(192, 168, 105, 0),
    Ipv4Addr::new(192, 168, 115, 0),
    Ipv4Addr::new(192, 168, 205, 0),
    Ipv4Addr::new(172, 29, 105, 0),
    Ipv4Addr::new(172, 21, 105, 0),
    Ipv4Addr::new(10, 105, 105, 0),
    Ipv4Addr::new(10, 205, 105, 0),
    Ipv4Addr::new(10, 55, 105, 0),
    Ipv4Addr::new(198, 18, 105, 0),
];

/// The length of each candidate's prefix.
const LENGTH: u8 = 24;

/// Shortest prefix of a route that is a network of its own. No private range is larger, and VPNs split
/// the default route into pieces such as 0.0.0.0/1 and 128.0.0.0/1.
const SHORTEST_NETWORK: u8 = 8;

/// A network that this computer serves for its machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// This computer's own address in it.
    pub gateway: Ipv4Addr,
    /// The length of its prefix.
    pub prefix: u8,
    /// Why it is not the preferred network: a clause such as
    /// `192.168.105.0/24 overlaps 192.168.105.7/24 of eth0`.
    pub moved_because: Option<String>,
}

impl Subnet {
    /// The network with its first address, such as 192.168.105.0/24.
    pub fn network(&self) -> Prefix {
        let host_bits = 32 - u32::from(self.prefix.min(32));
        let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
        let address = Ipv4Addr::from_bits(self.gateway.to_bits() & mask);
        Prefix { address: address.into(), length: self.prefix }
    }

    /// The first and the last address for machines.
    pub fn pool(&self) -> (Ipv4Addr, Ipv4Addr) {
        let [a, b, c, _] = self.gateway.octets();
        (Ipv4Addr::new(a, b, c, 2), Ipv4Addr::new(a, b, c, 254))
    }
}

/// The first network that overlaps no address and no route of this computer. The interface `own` does
/// not count: it is the bridge of this network. `None`: every candidate overlaps something.
pub fn free_subnet(network: &HostNetwork, own: &str) -> Option<Subnet> {
    let mut moved_because = None;
    for candidate in CANDIDATES {
        match overlap(candidate, network, own) {
            None => {
                let gateway = Ipv4Addr::from_bits(candidate.to_bits() + 1);
                return Some(Subnet { gateway, prefix: LENGTH, moved_because });
            }
            Some(what) => {
                let clause = || format!("{candidate}/{LENGTH} overlaps {what}");
                moved_because.get_or_insert_with(clause);
            }
        }
    }
    None
}

/// What of this computer's network overlaps the subnet, as a clause such as `192.168.105.7/24 of eth0`. The
/// interface `own` does not count.
pub fn overlapping(subnet: &Subnet, network: &HostNetwork, own: &str) -> Option<String> {
    let first = subnet.gateway.to_bits() & u32::MAX.checked_shl(32 - u32::from(LENGTH))?;
    overlap(Ipv4Addr::from_bits(first), network, own)
}

/// What of this computer's network the candidate overlaps.
fn overlap(candidate: Ipv4Addr, network: &HostNetwork, own: &str) -> Option<String> {
    let candidate = Prefix { address: candidate.into(), length: LENGTH };
    let others = network.interfaces.iter().filter(|interface| interface.name != own);
    let mut addresses = others.flat_map(|interface| {
        interface.addresses.iter().map(move |prefix| (*prefix, &interface.name))
    });
    // No network is that large, so the address counts alone.
    let address = addresses.find(|(prefix, _)| {
        let alone = prefix.length < SHORTEST_NETWORK;
        overlaps(candidate, if alone { Prefix { length: 32, ..*prefix } } else { *prefix })
    });
    if let Some((prefix, interface)) = address {
        return Some(format!("{prefix} of {interface}"));
    }
    let routes = network.routes.iter().filter(|route| route.interface != own);
    let mut networks = routes.filter(|route| route.destination.length >= SHORTEST_NETWORK);
    let route = networks.find(|route| overlaps(candidate, route.destination))?;
    Some(format!("the route to {} through {}", route.destination, route.interface))
}

fn overlaps(one: Prefix, other: Prefix) -> bool {
    let same_family = matches!((one.address, other.address), (IpAddr::V4(_), IpAddr::V4(_)));
    same_family && (one.contains(other.address) || other.contains(one.address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::network;

    #[test]
    fn moves_the_network_only_if_an_address_or_a_route_overlaps_it() {
        let rows = [
            ("", "", "192.168.105.1/24"),
            ("eth0 192.168.1.20/24", "192.168.1.0/24 eth0, 0.0.0.0/0 eth0", "192.168.105.1/24"),
            // The bridge of the network itself, which a former run has left.
            ("vmkit0 192.168.105.1/24", "192.168.105.0/24 vmkit0", "192.168.105.1/24"),
            // A default route in pieces, as VPNs write it.
            ("tun0 10.8.0.2/24", "0.0.0.0/1 tun0, 128.0.0.0/1 tun0", "192.168.105.1/24"),
            ("wg0 10.8.0.2/32", "192.0.0.0/2 wg0, 192.0.0.0/3 wg0", "192.168.105.1/24"),
            ("tun0 10.8.0.2/1", "", "192.168.105.1/24"),
            ("eth0 fd00::1/64", "::/8 eth0", "192.168.105.1/24"),
            (
                "eth0 192.168.105.7/24",
                "",
                "192.168.115.1/24: 192.168.105.0/24 overlaps 192.168.105.7/24 of eth0",
            ),
            (
                "eth0 192.168.105.200/29, eth1 192.168.115.4/24",
                "",
                "192.168.205.1/24: 192.168.105.0/24 overlaps 192.168.105.200/29 of eth0",
            ),
            (
                "wg0 192.168.105.9/0",
                "",
                "192.168.115.1/24: 192.168.105.0/24 overlaps 192.168.105.9/0 of wg0",
            ),
            (
                "eth0 192.168.1.20/16",
                "",
                "172.29.105.1/24: 192.168.105.0/24 overlaps 192.168.1.20/16 of eth0",
            ),
            (
                "",
                "192.168.105.77/32 tun0",
                "192.168.115.1/24: 192.168.105.0/24 overlaps the route to 192.168.105.77/32 through tun0",
            ),
            (
                "",
                "10.0.0.0/8 tun0, 172.16.0.0/12 tun0, 192.168.0.0/16 tun0",
                "198.18.105.1/24: 192.168.105.0/24 overlaps the route to 192.168.0.0/16 through tun0",
            ),
            (
                "utun4 198.18.0.1/16",
                "10.0.0.0/8 tun0, 172.16.0.0/12 tun0, 192.168.0.0/16 tun0",
                "none",
            ),
        ];
        for (addresses, routes, expected) in rows {
            let found = match free_subnet(&network(addresses, routes), "vmkit0") {
                None => "none".to_owned(),
                Some(Subnet { gateway, prefix, moved_because: None }) => {
                    format!("{gateway}/{prefix}")
                }
                Some(Subnet { gateway, prefix, moved_because: Some(why) }) => {
                    format!("{gateway}/{prefix}: {why}")
                }
            };
            assert_eq!(found, expected, "{addresses} {routes}");
        }
    }

    #[test]
    fn a_subnet_overlaps_networks_that_come_later() {
        let subnet = free_subnet(&HostNetwork::default(), "vmkit0").unwrap();
        let rows = [
            ("vmkit0 192.168.105.1/24", "192.168.105.0/24 vmkit0", None),
            ("eth0 192.168.105.9/24", "", Some("192.168.105.9/24 of eth0")),
            ("", "192.168.0.0/16 tun0", Some("the route to 192.168.0.0/16 through tun0")),
        ];
        for (addresses, routes, expected) in rows {
            let found = overlapping(&subnet, &network(addresses, routes), "vmkit0");
            assert_eq!(found.as_deref(), expected, "{addresses} {routes}");
        }
    }

    #[test]
    fn a_network_has_a_gateway_and_a_pool_beside_it() {
        let subnet = free_subnet(&HostNetwork::default(), "vmkit0").unwrap();
        assert_eq!(subnet.network().to_string(), "192.168.105.0/24");
        let (first, last) = subnet.pool();
        assert_eq!(format!("{first} {last}"), "192.168.105.2 192.168.105.254");
    }
}
