//! Stand-ins for MACs and addresses, which keep what relates them: makers, networks, and addresses made
//! from a MAC.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use vmkit_dhcp::FOREIGN_MAC;
use vmkit_types::Mac;

/// The stand-ins so far.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// The second half of a MAC, and the end of IPv6 addresses and of groups that are made from it.
    halves: HashMap<[u8; 3], [u8; 3]>,
    /// The networks of /24 that are not private.
    networks: HashMap<[u8; 3], [u8; 3]>,
    v4: HashMap<Ipv4Addr, Ipv4Addr>,
    hosts: HashMap<[u8; 3], u8>,
    /// The networks of /64.
    prefixes: HashMap<[u8; 8], [u8; 8]>,
    v6: HashMap<Ipv6Addr, Ipv6Addr>,
    v6_taken: HashSet<Ipv6Addr>,
    /// How many addresses would have had this stand-in.
    v6_same: HashMap<Ipv6Addr, u64>,
}

/// The first networks for documentation, RFC 5737. Those after them are of RFC 2544.
const PUBLIC: [[u8; 3]; 3] = [[203, 0, 113], [198, 51, 100], [192, 0, 2]];

/// Groups that protocols name: STP and LLDP, Cisco's, mDNS and the like. Their addresses say nothing of a
/// place.
const PROTOCOL_GROUPS: [[u8; 3]; 2] = [[0x01, 0x80, 0xc2], [0x01, 0x00, 0x0c]];

impl Addresses {
    /// Keeps the vendor's half, which identifies a kind of router, and numbers the other half.
    pub(super) fn mac(&mut self, mac: Mac) -> Mac {
        let [first, second, third, half @ ..] = mac.octets();
        let kept = mac.is_zero()
            || mac.is_broadcast()
            || mac == FOREIGN_MAC
            || PROTOCOL_GROUPS.contains(&[first, second, third])
            || is_known_group(mac.octets());
        if kept {
            return mac;
        }
        let [d, e, f] = self.half(half);
        Mac::new([first, second, third, d, e, f])
    }

    fn half(&mut self, half: [u8; 3]) -> [u8; 3] {
        let number = u32::try_from(self.halves.len() + 1).unwrap_or(u32::MAX).to_be_bytes();
        *self.halves.entry(half).or_insert([0, number[2], number[3]])
    }

    pub(super) fn ip(&mut self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => self.v4(address).into(),
            IpAddr::V6(address) => self.v6(address).into(),
        }
    }

    /// A private address stays in its network and changes its last octet, unless that is one of a
    /// network, a broadcast or a gateway; a public one goes to a network of documentation, with its
    /// neighbours.
    pub(super) fn v4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let [a, b, c, last] = address.octets();
        let special = address.is_unspecified()
            || address.is_loopback()
            || address.is_broadcast()
            || a == 255
            || (a == 224 && (b, c) == (0, 0))
            || address.octets() == [239, 255, 255, 250];
        if special {
            return address;
        }
        if let Some(known) = self.v4.get(&address) {
            return *known;
        }
        let private = address.is_private() || address.is_link_local();
        let [a, b, c] = if private { [a, b, c] } else { self.network([a, b, c]) };
        let last = match last {
            0 | 1 | 254 | 255 => last,
            _ => {
                let next = self.hosts.entry([a, b, c]).or_insert(9);
                *next = if *next >= 253 { 2 } else { *next + 1 };
                *next
            }
        };
        let stand_in = Ipv4Addr::new(a, b, c, last);
        self.v4.insert(address, stand_in);
        stand_in
    }

    fn network(&mut self, network: [u8; 3]) -> [u8; 3] {
        let number = self.networks.len();
        let byte = |number: usize| u8::try_from(number % 256).unwrap_or_default();
        *self.networks.entry(network).or_insert_with(|| match network {
            [224..=239, ..] => [239, byte(number / 256), byte(number)],
            // Addresses of a provider's NAT, RFC 6598, stay such.
            [100, 64..=127, _] => [100, 64 + byte(number / 256) % 64, byte(number)],
            _ => match PUBLIC.get(number) {
                Some(network) => *network,
                None => [198, 18 + byte(number / 256) % 2, byte(number)],
            },
        })
    }

    /// The kind of address stays (link-local, unique local, global), its network is counted, and an
    /// address that is made from a MAC is made from the stand-in of that MAC.
    fn v6(&mut self, address: Ipv6Addr) -> Ipv6Addr {
        if address.is_unspecified() || address.is_loopback() {
            return address;
        }
        if let Some(mapped) = address.to_ipv4_mapped() {
            return self.v4(mapped).to_ipv6_mapped();
        }
        if let Some(known) = self.v6.get(&address) {
            return *known;
        }
        let mut octets = address.octets();
        if address.is_multicast() {
            if octets[2..14].iter().all(|octet| *octet == 0)
                || octets[2..13] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
            {
                return address;
            }
            let half = self.half([octets[13], octets[14], octets[15]]);
            octets[13..].copy_from_slice(&half);
            // Of a group for address resolution the rest is the same everywhere.
            if octets[2..13] != [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff] {
                octets[2..13].fill(0);
            }
            return Ipv6Addr::from(octets);
        }
        let [prefix, interface] =
            [&octets[..8], &octets[8..]].map(|part| <[u8; 8]>::try_from(part).unwrap_or_default());
        let half = match interface {
            [0, 0, 0, 0, 0, 0, 0, _] => None,
            [.., d, e, f] => Some(self.half([d, e, f])),
        };
        let is_of_mac = interface[3..5] == [0xff, 0xfe];
        octets[..8].copy_from_slice(&self.prefix(prefix, address));
        if let Some(half) = half {
            if !is_of_mac {
                octets[8..13].fill(0);
            }
            octets[13..].copy_from_slice(&half);
        }
        let first = octets;
        while !self.v6_taken.insert(Ipv6Addr::from(octets)) {
            let same = self.v6_same.entry(Ipv6Addr::from(first)).or_default();
            *same += 1;
            let [_, _, _, middle @ ..] = same.to_be_bytes();
            for (place, part) in middle.into_iter().enumerate() {
                octets[8 + place] = first[8 + place].wrapping_add(part);
            }
        }
        self.v6.insert(address, Ipv6Addr::from(octets));
        Ipv6Addr::from(octets)
    }

    fn prefix(&mut self, prefix: [u8; 8], address: Ipv6Addr) -> [u8; 8] {
        if address.is_unicast_link_local() {
            return [0xfe, 0x80, 0, 0, 0, 0, 0, 0];
        }
        let [.., high, low] =
            u32::try_from(self.prefixes.len() + 1).unwrap_or(u32::MAX).to_be_bytes();
        *self.prefixes.entry(prefix).or_insert(if address.is_unique_local() {
            [0xfd, 0, 0, 0, 0, 0, high, low]
        } else {
            [0x20, 0x01, 0x0d, 0xb8, 0, 0, high, low]
        })
    }
}

/// Whether it is a group's address that is made from a well-known group: all nodes, mDNS, SSDP.
fn is_known_group(octets: [u8; 6]) -> bool {
    matches!(
        octets,
        [0x33, 0x33, 0, 0, _, _]
            | [0x33, 0x33, 0, 1, 0, 2 | 3]
            | [0x01, 0, 0x5e, 0, 0, _]
            | [0x01, 0, 0x5e, 0x7f, 0xff, 0xfa]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_in_the_middle_alone_have_stand_ins_of_their_own() {
        let mut addresses = Addresses::default();
        let real = |middle: u32| {
            let middle = u128::from(middle) << 24;
            Ipv6Addr::from(0x2a00_23c7_0001_0000_0000_0000_0012_3456 | (1 << 60) | middle)
        };
        let stand_ins: HashSet<Ipv6Addr> = (0..70_000).map(|it| addresses.v6(real(it))).collect();
        assert_eq!(stand_ins.len(), 70_000);
    }
}
