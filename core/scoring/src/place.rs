//! Judges an address before any evidence: whose it is, and how likely it is for a machine.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv4Addr},
};

use vmkit_model::{Card, Cards};
use vmkit_types::{HostNetwork, Interface, InterfaceKind, NetworkMode, Prefix, escaped};

use crate::{Doubt, StruckOut, Weights, weights::Range};

/// The host's network, indexed. Empty if the network is unknown.
pub(crate) struct Place<'n> {
    known: bool,
    own: HashSet<IpAddr>,
    gateways: HashSet<IpAddr>,
    /// Every network of the host with its interface, except loopback and fe80.
    networks: Vec<(Prefix, &'n Interface)>,
    by_name: HashMap<&'n str, &'n Interface>,
    default_interfaces: HashSet<&'n str>,
}

/// The judgement on one address for one machine.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Standing {
    pub(crate) struck_out: Option<StruckOut>,
    pub(crate) doubt: Option<Doubt>,
    pub(crate) link_local: bool,
    pub(crate) link: Where,
    /// It is in a network of the host that gives a bridged machine no addresses.
    pub(crate) wrong_nat: bool,
}

/// Where an address is, seen from the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Where {
    /// On a link of the host that a machine can be on.
    OnLink,
    /// At the other end of a VPN.
    Tunnel,
    /// In no network of the host.
    Elsewhere,
    /// The host's networks are unknown, or the address is link-local.
    #[default]
    Unknown,
}

/// Why the address is unlikely for one card.
#[derive(Default)]
struct Fit {
    doubt: Option<String>,
    wrong_nat: bool,
}

impl<'n> Place<'n> {
    pub(crate) fn new(network: Option<&'n HostNetwork>) -> Self {
        let mut place = Self {
            known: network.is_some(),
            own: HashSet::new(),
            gateways: HashSet::new(),
            networks: Vec::new(),
            by_name: HashMap::new(),
            default_interfaces: HashSet::new(),
        };
        let Some(network) = network else { return place };
        place.gateways.extend(network.gateways());
        for route in network.routes.iter().filter(|route| route.destination.length == 0) {
            place.default_interfaces.insert(&route.interface);
        }
        for interface in &network.interfaces {
            place.by_name.insert(&interface.name, interface);
            place.own.extend(interface.addresses.iter().map(|prefix| prefix.address));
            if interface.kind != InterfaceKind::Loopback {
                let networks = interface.addresses.iter().filter(|p| !is_fe80(p.address));
                place.networks.extend(networks.map(|prefix| (*prefix, interface)));
            }
        }
        place
    }

    /// Judges the address for a machine with these cards. `lengths` are the prefix lengths that
    /// sources gave. The address is not doubted if it fits one of the cards.
    pub(crate) fn judge<'c>(
        &self,
        address: IpAddr,
        lengths: impl Iterator<Item = u8>,
        cards: impl IntoIterator<Item = &'c Card>,
        weights: &Weights,
    ) -> Standing {
        let link_local = is_link_local(address);
        let range = weights.ranges.iter().find(|range| range.network.contains(address));
        let mut fits = cards.into_iter().map(|card| self.fit(address, link_local, card, range));
        let first = fits.next().unwrap_or_default();
        // If no card fits, the reason of the first one is shown.
        let fit = if first.doubt.is_none() {
            first
        } else {
            fits.find(|fit| fit.doubt.is_none()).unwrap_or(first)
        };
        let weight = weights.doubtful_prior.ln();
        Standing {
            struck_out: self.struck_out(address, lengths),
            doubt: fit.doubt.map(|says| Doubt { says, weight }),
            link_local,
            link: match self.on_link(address) {
                Some(found) if found.kind == InterfaceKind::Vpn => Where::Tunnel,
                Some(_) => Where::OnLink,
                None if self.known && !link_local => Where::Elsewhere,
                None => Where::Unknown,
            },
            wrong_nat: fit.wrong_nat,
        }
    }

    fn fit(&self, address: IpAddr, link_local: bool, card: &Card, range: Option<&Range>) -> Fit {
        let on_own_network = self.on_network_of(card, address);
        let other = self.other_network(card, address);
        let wrong_nat = !on_own_network
            && card.mode() == Some(NetworkMode::Bridged)
            && (range.is_some_and(|range| range.nat) || other.is_some());
        let doubt = if link_local {
            Some("the guest gave it to itself".to_owned())
        } else if on_own_network {
            None
        } else if let Some(other) = other {
            Some(format!("it is on {}, and the VM is bridged elsewhere", escaped(&other.name)))
        } else {
            self.doubt(address, card, range)
        };
        Fit { doubt, wrong_nat }
    }

    /// The index of the only card whose interface has a network with this address.
    pub(crate) fn only_card_on_network(&self, cards: &Cards, address: IpAddr) -> Option<usize> {
        let mut on = cards.all().enumerate().filter(|(_, card)| self.on_network_of(card, address));
        let (first, _) = on.next()?;
        on.next().is_none().then_some(first)
    }

    /// Whether a connection to this address stays on the host's own links, except VPNs. If the
    /// network is unknown: whether the internet does not route the address.
    pub(crate) fn may_be_probed(&self, address: IpAddr) -> bool {
        if is_fe80(address) {
            // It needs an interface, which an observation's address does not have.
            return false;
        }
        if self.known {
            return self.on_link(address).is_some_and(|found| found.kind != InterfaceKind::Vpn);
        }
        match address {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unique_local(),
        }
    }

    fn on_link(&self, address: IpAddr) -> Option<&Interface> {
        self.networks
            .iter()
            .filter(|(prefix, _)| prefix.contains(address))
            .max_by_key(|(prefix, _)| prefix.length)
            .map(|(_, interface)| *interface)
    }

    fn struck_out(&self, address: IpAddr, lengths: impl Iterator<Item = u8>) -> Option<StruckOut> {
        if address.is_unspecified() {
            return Some(StruckOut::Unspecified);
        }
        if address.is_loopback() {
            return Some(StruckOut::Loopback);
        }
        if address.is_multicast() {
            return Some(StruckOut::Multicast);
        }
        if self.gateways.contains(&address) {
            return Some(StruckOut::Gateway);
        }
        if self.own.contains(&address) {
            return Some(StruckOut::Host);
        }
        let IpAddr::V4(v4) = address else { return None };
        if v4.is_broadcast() {
            return Some(StruckOut::Broadcast);
        }
        if matches!(v4.to_bits() & 3, 1 | 2) {
            // Fast path: inside every network of four addresses or more.
            return None;
        }
        let own = self.networks.iter().filter(|(prefix, _)| prefix.contains(address));
        own.map(|(prefix, _)| prefix.length).chain(lengths).find_map(|length| ends_of(v4, length))
    }

    /// Whether the card's interface has a network with this address. If the interface of a bridged
    /// card is unknown, that of the default route is assumed.
    fn on_network_of(&self, card: &Card, address: IpAddr) -> bool {
        let holds =
            |interface: &&Interface| interface.addresses.iter().any(|p| p.contains(address));
        let Some(name) = card.interface() else {
            return card.mode() == Some(NetworkMode::Bridged) && self.on_default_network(address);
        };
        let Some(own) = self.by_name.get(name) else { return false };
        let bridge = own.bridge.as_deref().and_then(|bridge| self.by_name.get(bridge));
        [Some(own), bridge].into_iter().flatten().any(holds)
    }

    /// The bridge that the card's interface is a port of.
    pub(crate) fn bridge_of(&self, card: &Card) -> Option<&str> {
        self.by_name.get(card.interface()?)?.bridge.as_deref()
    }

    /// The host's bridge whose network has the address, if a bridged card is on another interface:
    /// the machine does not ask the DHCP server of that network.
    fn other_network(&self, card: &Card, address: IpAddr) -> Option<&Interface> {
        let own = card.interface().and_then(|name| self.by_name.get(name))?;
        let found = self.on_link(address).filter(|found| found.kind == InterfaceKind::Bridge)?;
        let elsewhere = found.name != own.name
            && own.bridge.as_deref() != Some(found.name.as_str())
            && !self.default_interfaces.contains(found.name.as_str());
        (elsewhere && card.mode() == Some(NetworkMode::Bridged)).then_some(found)
    }

    /// The interface of a bridged card, if it has IPv4 networks and the host has none with this
    /// address: the host shares the card's link, and would know its network.
    fn elsewhere(&self, card: &Card, address: IpAddr) -> Option<&Interface> {
        let own = self.by_name.get(card.interface()?)?;
        let bridge = own.bridge.as_deref().and_then(|bridge| self.by_name.get(bridge));
        let mut addresses = [Some(own), bridge].into_iter().flatten().flat_map(|i| &i.addresses);
        let unknown = address.is_ipv4() && self.on_link(address).is_none();
        let bridged = card.mode() == Some(NetworkMode::Bridged);
        (bridged && unknown && addresses.any(|prefix| prefix.address.is_ipv4())).then_some(*own)
    }

    fn on_default_network(&self, address: IpAddr) -> bool {
        let on_link = self.on_link(address);
        on_link.is_some_and(|found| self.default_interfaces.contains(found.name.as_str()))
    }

    fn doubt(&self, address: IpAddr, card: &Card, range: Option<&Range>) -> Option<String> {
        let mode = card.mode();
        match (mode, range) {
            (Some(NetworkMode::User), _) => {
                return Some("this computer cannot reach a VM on QEMU's user network".to_owned());
            }
            (Some(NetworkMode::Bridged), Some(Range { what, nat: true, .. })) => {
                return Some(format!("it is in {what}, and the VM is bridged"));
            }
            (_, Some(Range { what, nat: false, .. })) => {
                return Some(format!("it is in the range of {what}"));
            }
            _ => {}
        }
        let shared = mode == Some(NetworkMode::Shared) && address.is_ipv4();
        if shared && self.on_default_network(address) {
            return Some("it is on the LAN, and the VM is on a shared network".to_owned());
        }
        if shared && self.known && self.on_link(address).is_none() {
            return Some("this computer has no shared network with this address".to_owned());
        }
        if let Some(own) = self.elsewhere(card, address) {
            let name = escaped(&own.name);
            return Some(format!("it is in no network of {name}, which the VM is bridged with"));
        }
        let unplaced = self.on_link(address).is_none();
        (unplaced && looks_like_an_end(address))
            .then(|| "it looks like the address of a whole network".to_owned())
    }
}

/// Whether the address ends in `.0` or `.255`, as the ends of the usual /24 do.
fn looks_like_an_end(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if matches!(v4.octets()[3], 0 | 255))
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.is_link_local()) || is_fe80(address)
}

fn is_fe80(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// Whether the address is the first or the last one of its network of this prefix length.
fn ends_of(address: Ipv4Addr, length: u8) -> Option<StruckOut> {
    // Networks of one or two addresses (RFC 3021) have no network and broadcast address.
    if !(1..=30).contains(&length) {
        return None;
    }
    let hosts = u32::MAX >> length;
    match address.to_bits() & hosts {
        0 => Some(StruckOut::Network),
        last if last == hosts => Some(StruckOut::Broadcast),
        _ => None,
    }
}
