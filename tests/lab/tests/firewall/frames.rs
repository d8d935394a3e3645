//! The packets that are sent, as frames and as `vmkit-survey` sees them.

use std::net::Ipv4Addr;

use etherparse::PacketBuilder;
use vmkit_survey::{DhcpKind, Ends, Packet, Way};
use vmkit_types::Mac;

use crate::{
    network::Network,
    question::{ADDRESS, BRIDGE, End, OUTSIDE, OWN, PORT, Question, ROUTED, UPLINK, VM},
};

/// The packets for one rule set.
pub(crate) fn questions(network: &Network, seed: u64) -> Vec<Question> {
    let base = 0x5a00_0000 | u32::try_from(seed & 0xffff).unwrap_or(0) << 4;
    let router = network.router_mac;
    let own = Some(OWN);
    let out = || Way::bridged(BRIDGE, Some(PORT), Some(UPLINK));
    let back = || Way::bridged(BRIDGE, Some(UPLINK), Some(PORT));
    let ask = |mark| dhcp_frame(DhcpKind::Discover, OWN, true, mark);
    let reply = |kind, to_all, mark| dhcp_frame(kind, router, to_all, mark);
    let syn = |network: &Network, mark| tcp_frame(network, mark);
    let mut list = Vec::new();
    let mut add = |name, packet, way, [from, to]: [End; 2], octets: &dyn Fn(u32) -> Vec<u8>| {
        let mark = base | u32::try_from(list.len()).unwrap_or(0);
        list.push(Question { name, packet, way, from, to, octets: octets(mark), mark });
    };
    add("DISCOVER", Packet::discover(own), out(), [End::Machine, End::Router], &ask);
    for (name, kind, to_all) in [
        ("OFFER to all", DhcpKind::Offer, true),
        ("OFFER to one", DhcpKind::Offer, false),
        ("ACK to all", DhcpKind::Acknowledgement, true),
    ] {
        let packet = Packet::reply(kind, own, Some(router), to_all);
        add(name, packet, back(), [End::Router, End::Machine], &|mark| reply(kind, to_all, mark));
    }
    let asks = Packet::arp_request(own, Some(VM), None);
    add("ARP", asks, out(), [End::Machine, End::Router], &|mark| arp_frame(OWN, VM, mark));
    let asked = Packet::arp_request(Some(router), Some(ADDRESS), None);
    add("ARP back", asked, back(), [End::Router, End::Machine], &|mark| {
        arp_frame(router, ADDRESS, mark)
    });
    let to_host = Way::to_host(BRIDGE, Some(PORT), false);
    add("DISCOVER to the host", Packet::discover(own), to_host, [End::Machine, End::Host], &ask);
    let offer = Packet::reply(DhcpKind::Offer, own, Some(network.bridge_mac), true);
    let from_host = Way::from_host(BRIDGE, Some(PORT), false);
    add(
        "OFFER of the host",
        offer.to(Mac::new([255; 6]), Ipv4Addr::BROADCAST),
        from_host,
        [End::Host, End::Machine],
        &|mark| dhcp(DhcpKind::Offer, mark),
    );
    let ends = Ends {
        from: own,
        to: Some(network.bridge_mac),
        source: Some(VM),
        destination: Some(ROUTED),
    };
    let through = Way::routed_out(BRIDGE, Some(PORT), OUTSIDE);
    add(
        "SYN through the host",
        Packet::connection(ends, 22),
        through,
        [End::Machine, End::Outside],
        &|mark| syn(network, mark),
    );
    list
}

/// A DHCP message with this transaction.
fn dhcp(kind: DhcpKind, mark: u32) -> Vec<u8> {
    let mut message = vec![if kind == DhcpKind::Discover { 1 } else { 2 }, 1, 6, 0];
    message.extend(mark.to_be_bytes());
    message.extend([0; 20]);
    message.extend(OWN.octets());
    message.resize(236, 0);
    message.extend([99, 130, 83, 99, 53, 1, kind as u8]);
    message.extend([255; 8]);
    message.resize(300, 0);
    message
}

fn dhcp_frame(kind: DhcpKind, from: Mac, to_all: bool, mark: u32) -> Vec<u8> {
    let asks = kind == DhcpKind::Discover;
    let to = if asks || to_all { [255; 6] } else { OWN.octets() };
    let destination = if asks || to_all { Ipv4Addr::BROADCAST } else { VM };
    let source = if asks { Ipv4Addr::UNSPECIFIED } else { ADDRESS };
    let (sends, hears) = if asks { (68, 67) } else { (67, 68) };
    let builder = PacketBuilder::ethernet2(from.octets(), to)
        .ipv4(source.octets(), destination.octets(), 64)
        .udp(sends, hears);
    let mut frame = Vec::new();
    builder.write(&mut frame, &dhcp(kind, mark)).expect("a frame");
    frame
}

/// ARP for the address that is the mark.
fn arp_frame(from: Mac, source: Ipv4Addr, mark: u32) -> Vec<u8> {
    let mut frame = [[255; 6], from.octets()].concat();
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(from.octets());
    frame.extend(source.octets());
    frame.extend([0; 6]);
    frame.extend(mark.to_be_bytes());
    frame
}

/// The first packet of a connection, with the mark as its sequence number.
fn tcp_frame(network: &Network, mark: u32) -> Vec<u8> {
    let port = u16::try_from(20_000 + (mark >> 4) % 40_000).expect("a port");
    let builder = PacketBuilder::ethernet2(OWN.octets(), network.bridge_mac.octets())
        .ipv4(VM.octets(), ROUTED.octets(), 64)
        .tcp(port, 22, mark, 1000)
        .syn();
    let mut frame = Vec::new();
    builder.write(&mut frame, &[]).expect("a frame");
    frame
}
