//! Netlink messages to and from bytes. Fields are parsed in place, without allocations, because a table may
//! have 100,000 entries.

use std::{net::IpAddr, time::Duration};

use netlink_packet_core::{NlasIterator, parse_string};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    link::{LinkAttribute, LinkExtentMask, LinkMessage},
    neighbour::{
        NeighbourAddress, NeighbourAttribute, NeighbourCacheInfo, NeighbourHeader,
        NeighbourMessage, NeighbourState,
    },
    route::{RouteAddress, RouteAttribute, RouteMessage},
};
use vmkit_plugin::Mac;

use crate::table::{Entry, State, last_heard};

pub(super) const RTM_NEWLINK: u16 = 16;
pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_NEWNEIGH: u16 = 28;

/// Length of `struct ndmsg`, after which a neighbour's attributes begin.
const NEIGHBOUR_HEADER: usize = 12;
/// Length of `struct ifinfomsg`, after which an interface's attributes begin.
const LINK_HEADER: usize = 16;
/// Length of `struct rtmsg`, after which a route's attributes begin.
const ROUTE_HEADER: usize = 12;

const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NDA_CACHEINFO: u16 = 3;
const IFLA_IFNAME: u16 = 3;
const RTA_OIF: u16 = 4;

/// One tick of the ages in `nda_cacheinfo`: the kernel's `USER_HZ` is 100 on every supported architecture.
const TICK: Duration = Duration::from_millis(10);

/// A neighbour, with the number of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    pub(super) address: IpAddr,
    pub(super) mac: Option<Mac>,
    pub(super) state: State,
    age: Option<Duration>,
    pub(super) interface: u32,
}

impl Neighbour {
    pub(super) fn into_entry(self, interface: Option<String>) -> Entry {
        let Self { address, mac, state, age, .. } = self;
        Entry { address, mac, state, age, interface }
    }
}

/// Requests the tables of IPv4 and IPv6, one after the other.
pub(super) fn neighbour_dump_request() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default())
}

/// Requests the entry of one address on one interface. Kernels before 5.0 refuse this.
pub(super) fn neighbour_request(address: IpAddr, interface: u32) -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = family(address);
    message.header.ifindex = interface;
    let destination = NeighbourAddress::from(address);
    message.attributes.push(NeighbourAttribute::Destination(destination));
    RouteNetlinkMessage::GetNeighbour(message)
}

/// Requests the route to this address.
pub(super) fn route_request(address: IpAddr) -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family(address);
    message.header.destination_prefix_length = if address.is_ipv4() { 32 } else { 128 };
    message.attributes.push(RouteAttribute::Destination(RouteAddress::from(address)));
    RouteNetlinkMessage::GetRoute(message)
}

fn family(address: IpAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

/// Requests one interface, without its statistics. One request for each relevant interface costs less than
/// a dump of the thousand ports of a host with a thousand machines.
pub(super) fn link_request(index: u32) -> RouteNetlinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    RouteNetlinkMessage::GetLink(message)
}

/// The neighbour in this message; `None` if its state says nothing.
pub(super) fn neighbour(payload: &[u8]) -> Option<Neighbour> {
    let header = NeighbourHeader::parse(payload).ok()?;
    let state = state_of(header.state)?;
    let (mut address, mut mac, mut age) = (None, None, None);
    for attribute in NlasIterator::new(payload.get(NEIGHBOUR_HEADER..)?).map_while(Result::ok) {
        let value = attribute.value();
        match attribute.kind() {
            NDA_DST => address = address_of(value),
            NDA_LLADDR => mac = <[u8; 6]>::try_from(value).ok().map(Mac::new),
            NDA_CACHEINFO => {
                age = NeighbourCacheInfo::parse(value).ok().map(|info| {
                    last_heard(state, TICK * info.confirmed, Some(TICK * info.updated))
                });
            }
            _ => {}
        }
    }
    let address = address?;
    // The kernel may keep the last MAC in an entry whose resolution failed later.
    let mac = mac.filter(|mac| state != State::Failed && !mac.is_zero());
    let tells = mac.is_some() || state == State::Failed;
    tells.then_some(Neighbour {
        address,
        mac,
        state,
        age: age.filter(|_| state != State::Failed),
        interface: header.ifindex,
    })
}

fn address_of(value: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(value).ok().map(IpAddr::from);
    v4().or_else(|| <[u8; 16]>::try_from(value).ok().map(IpAddr::from))
}

/// `None`: nothing is known yet.
fn state_of(state: NeighbourState) -> Option<State> {
    Some(match state {
        NeighbourState::Reachable => State::Reachable,
        NeighbourState::Stale => State::Stale,
        NeighbourState::Delay => State::Delay,
        NeighbourState::Probe => State::Probe,
        NeighbourState::Permanent => State::Permanent,
        NeighbourState::Noarp => State::NoArp,
        NeighbourState::Failed => State::Failed,
        _ => return None,
    })
}

/// The name of the interface in this message.
pub(super) fn link_name(payload: &[u8]) -> Option<String> {
    NlasIterator::new(payload.get(LINK_HEADER..)?)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == IFLA_IFNAME)
        .and_then(|attribute| parse_string(attribute.value()).ok())
}

/// The number of the interface that packets on this route leave by.
pub(super) fn route_interface(payload: &[u8]) -> Option<u32> {
    NlasIterator::new(payload.get(ROUTE_HEADER..)?)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == RTA_OIF)
        .and_then(|attribute| attribute.value().try_into().ok())
        .map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use netlink_packet_core::Emitable;
    use vmkit_plugin::Subject;

    use super::*;
    use crate::table::Interest;

    fn payload(address: IpAddr, state: NeighbourState, mac: &[u8]) -> Vec<u8> {
        let mut message = NeighbourMessage::default();
        message.header.family = family(address);
        message.header.ifindex = 3;
        message.header.state = state;
        message.attributes.push(NeighbourAttribute::Destination(address.into()));
        message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac.to_vec()));
        let cache = [250_u32, 0, 0, 0].map(u32::to_ne_bytes).concat();
        let cache = NeighbourCacheInfo::parse(&cache).unwrap();
        message.attributes.push(NeighbourAttribute::CacheInfo(cache));
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        bytes
    }

    fn web() -> Subject {
        let macs = vec![Mac::new([0x52, 0x54, 0, 0, 0, 1])];
        Subject { macs, candidates: vec!["10.9.9.9".parse().unwrap()], ..Subject::default() }
    }

    #[test]
    fn reads_the_neighbour_in_a_message() {
        let own = [0x52, 0x54, 0, 0, 0, 1];
        let other = [0x3c, 0, 0, 0, 0, 1];
        let rows = [
            ("10.0.0.1", NeighbourState::Reachable, &own[..], Some((State::Reachable, true))),
            ("10.0.0.1", NeighbourState::Incomplete, &own, None),
            ("10.0.0.1", NeighbourState::None, &own, None),
            ("10.9.9.9", NeighbourState::Stale, &other, Some((State::Stale, true))),
            ("2001:db8::1", NeighbourState::Reachable, &own, Some((State::Reachable, true))),
            ("10.9.9.9", NeighbourState::Failed, &other, Some((State::Failed, false))),
            ("10.9.9.9", NeighbourState::Stale, &[0; 6], None),
            ("10.9.9.9", NeighbourState::Permanent, &[1; 20], None),
        ];
        for (address, state, mac, expected) in rows {
            let seen = neighbour(&payload(address.parse().unwrap(), state, mac));
            let found = seen.as_ref().map(|seen| (seen.state, seen.mac.is_some()));
            assert_eq!(found, expected, "{address} {state:?}");
            if let Some(Neighbour { age: Some(age), .. }) = seen {
                assert_eq!(age, Duration::from_millis(2500));
            }
        }
    }

    #[test]
    fn finds_the_relevant_entries_among_100_000() {
        let interest = Interest::new(&[web()]);
        let found: Vec<_> = (0..100_000_u32)
            .filter_map(|number| {
                let [_, b, c, d] = number.to_be_bytes();
                let address = Ipv4Addr::new(10, b, c, d).into();
                let mac = [0x52, 0x54, 0, b, c, d];
                neighbour(&payload(address, NeighbourState::Stale, &mac))
            })
            .filter(|seen| interest.covers(seen.address, seen.mac))
            .map(|seen| seen.address.to_string())
            .collect();
        assert_eq!(found, ["10.0.0.1"]);
    }

    #[test]
    fn no_cut_or_flipped_message_causes_a_panic() {
        let whole = payload([10, 0, 0, 1].into(), NeighbourState::Stale, &[0x52, 0x54, 0, 0, 0, 1]);
        for cut in 0..=whole.len() {
            let _ = neighbour(&whole[..cut]);
            let _ = link_name(&whole[..cut]);
            let _ = route_interface(&whole[..cut]);
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            let _ = neighbour(&flipped);
            let _ = link_name(&flipped);
            let _ = route_interface(&flipped);
        }
    }
}
