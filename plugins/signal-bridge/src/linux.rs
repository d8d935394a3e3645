//! Linux: one dump of all forwarding databases and one of the interfaces' names, by routing netlink.

use std::{
    collections::HashMap,
    io,
    time::{Duration, Instant},
};

use netlink_packet_core::{NLM_F_DUMP, NlasIterator, parse_string};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    link::{LinkAttribute, LinkExtentMask, LinkMessage},
    neighbour::{NeighbourCacheInfo, NeighbourHeader, NeighbourMessage, NeighbourState},
};
use vmkit_netlink::RouteSocket;
use vmkit_plugin::{Cx, Error, Mac, Result};

use crate::{
    fdb,
    table::{FDB, Fact, MOST_FACTS, What},
};

/// Timeout of both dumps. The kernel gives a thousand ports in a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);
/// One tick of the ages in `nda_cacheinfo`: the kernel's `USER_HZ` is 100 on every supported architecture.
const TICK: Duration = Duration::from_millis(10);

const RTM_NEWLINK: u16 = 16;
const RTM_NEWNEIGH: u16 = 28;
/// Lengths of `struct ndmsg` and `struct ifinfomsg`, after which the attributes begin.
const NEIGHBOUR_HEADER: usize = 12;
const LINK_HEADER: usize = 16;
const NDA_LLADDR: u16 = 2;
const NDA_CACHEINFO: u16 = 3;
const NDA_MASTER: u16 = 9;
const IFLA_IFNAME: u16 = 3;

/// A learned MAC, with the numbers of its interfaces.
#[derive(Debug, PartialEq, Eq)]
struct Learned {
    mac: Mac,
    port: u32,
    bridge: u32,
    age: Option<Duration>,
}

/// The name of the artefact and its text.
pub(crate) fn text(cx: &Cx<'_>) -> Result<(&'static str, String)> {
    let deadline = Instant::now() + cx.remaining().min(PATIENCE);
    let facts =
        facts(deadline).map_err(|error| Error::io("read the bridges over netlink", &error))?;
    Ok((FDB, fdb::to_json(&facts)))
}

/// The facts of dumps during which nothing changed; of the second dumps, whatever changed in the first.
fn facts(deadline: Instant) -> io::Result<Vec<Fact>> {
    let mut socket = RouteSocket::open()?;
    match read(&mut socket, deadline)? {
        (_, true) => read(&mut socket, deadline).map(|(facts, _)| facts),
        (facts, false) => Ok(facts),
    }
}

/// What the bridges know, and whether that changed meanwhile, so that entries may be missing.
fn read(socket: &mut RouteSocket, deadline: Instant) -> io::Result<(Vec<Fact>, bool)> {
    let mut learned = Vec::new();
    let database = socket.ask(database_request(), NLM_F_DUMP, deadline, |part| {
        if part.kind == RTM_NEWNEIGH && learned.len() < MOST_FACTS {
            learned.extend(entry(part.payload));
        }
    })?;
    if learned.is_empty() {
        return Ok((Vec::new(), database.interrupted));
    }
    let mut names = HashMap::new();
    let links = socket.ask(links_request(), NLM_F_DUMP, deadline, |part| {
        if part.kind == RTM_NEWLINK {
            names.extend(link(part.payload));
        }
    })?;
    let fact = |Learned { mac, port, bridge, age }| {
        let (port, bridge) = (names.get(&port)?.clone(), names.get(&bridge)?.clone());
        Some(Fact { mac, port, bridge, age, what: What::Seen })
    };
    let facts = learned.into_iter().filter_map(fact).collect();
    Ok((facts, database.interrupted || links.interrupted))
}

fn database_request() -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    RouteNetlinkMessage::GetNeighbour(message)
}

fn links_request() -> RouteNetlinkMessage {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    RouteNetlinkMessage::GetLink(message)
}

/// The learned MAC in this message; `None` for the ports' own addresses and for filters of interfaces.
fn entry(payload: &[u8]) -> Option<Learned> {
    let header = NeighbourHeader::parse(payload).ok()?;
    if header.state == NeighbourState::Permanent {
        return None;
    }
    let (mut mac, mut bridge, mut age) = (None, None, None);
    for attribute in NlasIterator::new(payload.get(NEIGHBOUR_HEADER..)?).map_while(Result::ok) {
        let value = attribute.value();
        match attribute.kind() {
            NDA_LLADDR => mac = <[u8; 6]>::try_from(value).ok().map(Mac::new),
            NDA_MASTER => bridge = value.try_into().ok().map(u32::from_ne_bytes),
            NDA_CACHEINFO => {
                age = NeighbourCacheInfo::parse(value).ok().map(|info| TICK * info.updated);
            }
            _ => {}
        }
    }
    Some(Learned { mac: mac?, port: header.ifindex, bridge: bridge?, age })
}

/// The number and the name of the interface in this message.
fn link(payload: &[u8]) -> Option<(u32, String)> {
    // `ifi_index`, after family, padding and type.
    let index = u32::from_ne_bytes(payload.get(4..8)?.try_into().ok()?);
    let attributes = NlasIterator::new(payload.get(LINK_HEADER..)?).map_while(Result::ok);
    let mut names = attributes.filter(|attribute| attribute.kind() == IFLA_IFNAME);
    Some((index, parse_string(names.next()?.value()).ok()?))
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::Emitable as _;
    use netlink_packet_route::neighbour::NeighbourAttribute;

    use super::*;

    fn payload(state: NeighbourState, master: Option<u32>) -> Vec<u8> {
        let mut message = NeighbourMessage::default();
        message.header.family = AddressFamily::Bridge;
        message.header.ifindex = 7;
        message.header.state = state;
        let mac = vec![0x52, 0x54, 0, 0, 0, 1];
        message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac));
        message.attributes.extend(master.map(NeighbourAttribute::Controller));
        let cache = [0_u32, 0, 250, 0].map(u32::to_ne_bytes).concat();
        let cache = NeighbourCacheInfo::parse(&cache).unwrap();
        message.attributes.push(NeighbourAttribute::CacheInfo(cache));
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        bytes
    }

    #[test]
    fn reads_learned_macs_alone() {
        let learned = Learned {
            mac: Mac::new([0x52, 0x54, 0, 0, 0, 1]),
            port: 7,
            bridge: 3,
            age: Some(Duration::from_millis(2500)),
        };
        assert_eq!(entry(&payload(NeighbourState::Reachable, Some(3))), Some(learned));
        assert_eq!(entry(&payload(NeighbourState::Permanent, Some(3))), None);
        assert_eq!(entry(&payload(NeighbourState::Reachable, None)), None);
    }

    #[test]
    fn no_cut_message_causes_a_panic() {
        let whole = payload(NeighbourState::Reachable, Some(3));
        for cut in 0..=whole.len() {
            let _ = entry(&whole[..cut]);
            let _ = link(&whole[..cut]);
        }
    }
}
