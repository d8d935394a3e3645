//! The link that addresses are asked for on.

use std::net::Ipv4Addr;

use vmkit_types::{Mac, Prefix};

/// One link of the host with the host's addresses there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Name of the interface.
    pub interface: String,
    /// The interface's MAC.
    pub mac: Mac,
    /// The host's own IPv4 address there.
    pub address: Ipv4Addr,
    /// Leading bits of the address that name the link's network: at most 32.
    pub length: u8,
}

impl Link {
    /// Whether `address` is in the network of this link.
    pub fn holds(&self, address: Ipv4Addr) -> bool {
        Prefix { address: self.address.into(), length: self.length }.contains(address.into())
    }

    /// Whether `address` can be that of another host on this link.
    pub(super) fn has_host(&self, address: Ipv4Addr) -> bool {
        let bits = u32::MAX.checked_shl(32 - u32::from(self.length.min(32))).unwrap_or(0);
        let (network, broadcast) = (address.to_bits() & bits, address.to_bits() | !bits);
        // A network of one or two addresses has no address of its own and none for all (RFC 3021).
        let is_named = self.length < 31 && [network, broadcast].contains(&address.to_bits());
        self.holds(address) && address != self.address && !is_named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_other_hosts_of_its_network_only() {
        let rows = [
            (24, [192, 168, 1, 7], true),
            (24, [192, 168, 1, 50], false),
            (24, [192, 168, 1, 0], false),
            (24, [192, 168, 1, 255], false),
            (24, [192, 168, 2, 7], false),
            (31, [192, 168, 1, 51], true),
            (32, [192, 168, 1, 50], false),
            (32, [192, 168, 1, 51], false),
            (0, [8, 8, 8, 8], true),
        ];
        for (length, address, expected) in rows {
            let mac = Mac::new([0x52, 0x54, 0, 0, 0, 9]);
            let address_here = Ipv4Addr::new(192, 168, 1, 50);
            let link = Link { interface: "br0".to_owned(), mac, address: address_here, length };
            assert_eq!(link.has_host(address.into()), expected, "{address:?}/{length}");
        }
    }
}
