//! The guest's card that is the VM's.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_inside::{GuestAddress, GuestCard};
use vmkit_types::{Mac, Reading, escaped};

use crate::Facts;

/// The guest's interfaces with the MAC of the diagnosed card: a bridge or a bond has that of its card.
pub(super) struct OwnCard<'a> {
    pub(super) mac: Mac,
    pub(super) interfaces: Vec<&'a GuestCard>,
}

impl<'a> OwnCard<'a> {
    /// `None`: the guest did not say, or has no interface with the MAC.
    pub(super) fn of(facts: &Facts<'_>, cards: &'a Reading<Vec<GuestCard>>) -> Option<Self> {
        let cards = cards.as_ref().known()?;
        let mac = *facts.machine.macs.first()?;
        let interfaces: Vec<_> = cards.iter().filter(|card| card.mac == Some(mac)).collect();
        (!interfaces.is_empty()).then_some(Self { mac, interfaces })
    }

    /// Its addresses that are of use beyond the link.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &'a GuestAddress> {
        let all = self.interfaces.iter().flat_map(|card| &card.addresses);
        all.filter(|each| match each.prefix.address {
            IpAddr::V4(address) => !address.is_link_local() && !address.is_loopback(),
            IpAddr::V6(address) => !address.is_unicast_link_local() && !address.is_loopback(),
        })
    }

    /// Those of IPv4.
    pub(super) fn of_v4(&self) -> impl Iterator<Item = (&'a GuestAddress, Ipv4Addr)> {
        self.addresses().filter_map(|each| match each.prefix.address {
            IpAddr::V4(address) => Some((each, address)),
            IpAddr::V6(_) => None,
        })
    }

    /// Its name and MAC as text.
    pub(super) fn named(&self) -> String {
        let names: Vec<String> = self.interfaces.iter().map(|card| escaped(&card.name)).collect();
        format!("{} ({})", names.join(", "), self.mac)
    }
}
