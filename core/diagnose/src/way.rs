//! The way that this computer's packets take to the machine's address.

use std::net::IpAddr;

use vmkit_survey::RouteTo;
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix, Reading, Unread};

use crate::{Attachment, Facts, ledger::best};

/// The way to the likeliest address of a machine, and the link that it should take.
pub(crate) struct Way<'a> {
    /// The address.
    pub(crate) address: IpAddr,
    /// The interface of this computer on the machine's own link, with its network.
    pub(crate) link: (&'a Interface, Prefix),
    /// What the kernel answered.
    pub(crate) route: Reading<&'a RouteTo>,
}

/// Where the packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves<'a> {
    /// By the machine's link.
    ByLink,
    /// By the machine's link, but to a router.
    ToRouter(IpAddr),
    /// Into the tunnel of a VPN.
    IntoVpn(&'a str),
    /// By another interface.
    By(&'a str),
    /// Nowhere: there is no route.
    Nowhere,
}

impl<'a> Way<'a> {
    /// The way to the machine's likeliest address; `None`: it has none, or it is in no network of this
    /// computer, and any way may be right.
    pub(crate) fn of(facts: &Facts<'a>, attachment: &Attachment<'a>) -> Option<Self> {
        let network = facts.network.as_ref().known().copied()?;
        let address = best(facts)?.address;
        let link = link(network, attachment, address)?;
        let route = match &facts.survey.routes {
            Reading::Known(routes) => routes
                .iter()
                .find(|route| route.address == address)
                .map_or(Reading::Unknown(Unread::NotTried), Reading::Known),
            Reading::Absent => Reading::Unknown(Unread::NotTried),
            Reading::Unknown(why) => Reading::Unknown(why.clone()),
        };
        Some(Self { address, link, route })
    }

    /// Where the packets go by what the kernel answered; `None`: it is not known, or the address is this
    /// computer's own.
    pub(crate) fn leaves(
        &self,
        network: &HostNetwork,
        attachment: &Attachment<'_>,
    ) -> Option<Leaves<'a>> {
        let route = *self.route.as_ref().known()?;
        let Some(name) = route.interface.as_deref() else { return Some(Leaves::Nowhere) };
        let kind = network.interfaces.iter().find(|each| each.name == name).map(|each| each.kind);
        if kind == Some(InterfaceKind::Loopback) {
            return None;
        }
        let own = name == self.link.0.name || attachment.passes(name);
        Some(match route.gateway.filter(|gateway| *gateway != self.address) {
            Some(router) if own => Leaves::ToRouter(router),
            None if own => Leaves::ByLink,
            _ if kind == Some(InterfaceKind::Vpn) => Leaves::IntoVpn(name),
            _ => Leaves::By(name),
        })
    }

    /// The routing table, where it is not the main one.
    pub(crate) fn table(&self) -> Option<&'a str> {
        self.route.as_ref().known().and_then(|route| route.table.as_deref())
    }
}

/// The interface on the machine's link that has a network with this address. Only where the link is not
/// known does any interface count.
fn link<'a>(
    network: &'a HostNetwork,
    attachment: &Attachment<'a>,
    address: IpAddr,
) -> Option<(&'a Interface, Prefix)> {
    let with = |interface: &'a Interface| {
        let mut own = interface.addresses.iter();
        own.find(|prefix| prefix.contains(address)).map(|prefix| (interface, *prefix))
    };
    let known = [attachment.bridge, attachment.uplink, attachment.port];
    let mut known = known.into_iter().flatten().peekable();
    if known.peek().is_some() {
        known.find_map(with)
    } else {
        network.on_link(address).and_then(with)
    }
}

/// The network that an address of this computer is in, such as 192.168.1.0/24.
pub(crate) fn subnet(own: Prefix) -> Prefix {
    let address = match own.address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(own.length.min(32))).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(own.length.min(128))).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    };
    Prefix { address, length: own.length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_bits_of_its_prefix_only() {
        let rows = [
            ("192.168.1.50", 24, "192.168.1.0/24"),
            ("10.1.2.3", 8, "10.0.0.0/8"),
            ("10.1.2.3", 0, "0.0.0.0/0"),
            ("10.1.2.3", 32, "10.1.2.3/32"),
            ("2001:db8::7:8", 64, "2001:db8::/64"),
        ];
        for (address, length, expected) in rows {
            let own = Prefix { address: address.parse().unwrap(), length };
            assert_eq!(subnet(own).to_string(), expected);
        }
    }
}
