//! Stand-ins for MACs and addresses.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use vmkit_types::Mac;

/// The stand-ins so far.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    macs: HashMap<Mac, Mac>,
    v4: HashMap<Ipv4Addr, Ipv4Addr>,
    v6: HashMap<Ipv6Addr, Ipv6Addr>,
    hosts: HashMap<[u8; 3], u8>,
}

/// Networks for documentation, RFC 5737.
const PUBLIC: [[u8; 3]; 3] = [[203, 0, 113], [198, 51, 100], [192, 0, 2]];

impl Addresses {
    /// Keeps the vendor's half, which identifies a kind of router, and numbers the other half.
    pub(super) fn mac(&mut self, mac: Mac) -> Mac {
        if mac.is_zero() || mac.is_multicast() {
            return mac;
        }
        let number = u16::try_from(self.macs.len() + 1).unwrap_or(u16::MAX).to_be_bytes();
        *self.macs.entry(mac).or_insert_with(|| {
            let [a, b, c, ..] = mac.octets();
            Mac::new([a, b, c, 0, number[0], number[1]])
        })
    }

    pub(super) fn ip(&mut self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => self.v4(address).into(),
            IpAddr::V6(address) => self.v6(address).into(),
        }
    }

    /// A private address stays in its network and changes its last octet, unless that is one of a
    /// network, a broadcast or a gateway; a public one becomes one of documentation.
    pub(super) fn v4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let special = address.is_unspecified()
            || address.is_loopback()
            || address.is_broadcast()
            || address.is_multicast()
            || address.octets()[0] == 255;
        if special {
            return address;
        }
        if let Some(known) = self.v4.get(&address) {
            return *known;
        }
        let [a, b, c, last] = address.octets();
        let private = address.is_private() || address.is_link_local();
        let stand_in = if private && matches!(last, 0 | 1 | 254 | 255) {
            address
        } else if private {
            let next = self.hosts.entry([a, b, c]).or_insert(9);
            *next = if *next >= 253 { 10 } else { *next + 1 };
            Ipv4Addr::new(a, b, c, *next)
        } else {
            let number = self.v4.len();
            let network = PUBLIC[(number / 250) % PUBLIC.len()];
            let host = u8::try_from(number % 250 + 1).unwrap_or(1);
            Ipv4Addr::new(network[0], network[1], network[2], host)
        };
        self.v4.insert(address, stand_in);
        stand_in
    }

    /// The kind of address stays (link-local, unique local, global), the rest is counted.
    fn v6(&mut self, address: Ipv6Addr) -> Ipv6Addr {
        if address.is_unspecified() || address.is_loopback() || address.is_multicast() {
            return address;
        }
        let number = u16::try_from(self.v6.len() + 1).unwrap_or(u16::MAX);
        *self.v6.entry(address).or_insert_with(|| {
            if address.is_unicast_link_local() {
                Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, number)
            } else if address.is_unique_local() {
                Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, number)
            } else {
                Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number)
            }
        })
    }
}
