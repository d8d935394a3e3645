//! Captures: every packet is built anew from the fields that a diagnosis reads.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::SystemTime,
};

use etherparse::{Ipv4Header, UdpHeader, ip_number};
use vmkit_capture::{Frame, pcap::Writer};
use vmkit_dhcp::{Checksum, Content, Frame as Read, Message, MessageKind, pcap::frames};
use vmkit_types::Mac;

use super::{stand_ins::StandIns, text};

/// Length of both MACs of an Ethernet header, of a VLAN tag behind them, and of the kind of what follows.
const MACS: usize = 12;
const TAG: usize = 4;
const KIND: usize = 2;
/// Kinds of tags: IEEE 802.1Q, 802.1ad, and what came before the latter.
const TAGS: [[u8; KIND]; 3] = [[0x81, 0], [0x88, 0xa8], [0x91, 0]];
/// Kinds of packets.
const OF_ARP: &[u8] = &[8, 6];
const OF_IP: &[u8] = &[8, 0];
/// Most tags of a frame.
const MOST_TAGS: usize = 3;
/// Length of an Ethernet header, and of an ARP packet for IPv4 behind it: RFC 826.
const ETHERNET: usize = 14;
const ARP: usize = 28;
/// Shortest BOOTP message, RFC 1542, 2.1.
const SHORTEST_MESSAGE: usize = 300;
/// Where the fields of a DHCP message are: RFC 2131.
const CHADDR: usize = 28;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Ports of server and client.
const PORTS: [u16; 2] = [67, 68];

/// Redacts a capture; what is no capture becomes an empty one. Frames that are neither DHCP nor ARP
/// lose all but their Ethernet header.
pub(super) fn redact(bytes: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    // Writing to memory cannot fail.
    let Ok(mut writer) = Writer::new(Vec::new()) else { return Vec::new() };
    let each = |at: SystemTime, frame: &[u8]| {
        let data = rebuilt(at, frame, stand_ins).unwrap_or_default();
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        writer.write(&Frame { at, data: &data, length }).ok();
        Ok::<(), vmkit_dhcp::pcap::Fault>(())
    };
    // A truncated capture stays truncated.
    frames(bytes, each).ok();
    writer.into_inner()
}

/// `None`: it is no Ethernet frame.
fn rebuilt(at: SystemTime, frame: &[u8], stand_ins: &mut StandIns<'_>) -> Option<Vec<u8>> {
    let read = Read::parse(at, frame)?;
    let tagged = MACS + tags(frame).len();
    let kind = frame.get(tagged..tagged + KIND)?;
    let mut data = Vec::with_capacity(ETHERNET + SHORTEST_MESSAGE);
    for mac in [read.destination, read.source] {
        data.extend_from_slice(&stand_ins.addresses.mac(mac).octets());
    }
    data.extend_from_slice(&frame[MACS..tagged + KIND]);
    let packet = tagged + KIND;
    match (read.content, kind) {
        (Content::Arp(_), OF_ARP) => {
            data.extend_from_slice(&arp(frame.get(packet..packet + ARP)?, stand_ins));
        }
        (Content::Dhcp(_), OF_IP) => {
            let message = Message::parse(at, &read);
            let payload = message.as_ref().map(|message| payload(message, stand_ins));
            datagram(&mut data, &read, &payload.unwrap_or_default(), stand_ins)?;
        }
        _ => {}
    }
    Some(data)
}

/// The VLAN tags of a frame: a diagnosis tells by them which frames are of one network.
fn tags(frame: &[u8]) -> &[u8] {
    let rest = frame.get(MACS..).unwrap_or_default();
    let is_tag = |tag: &&[u8]| tag.first_chunk().is_some_and(|kind| TAGS.contains(kind));
    let count = rest.chunks_exact(TAG).take(MOST_TAGS).take_while(is_tag).count();
    &rest[..count * TAG]
}

/// An ARP packet with its kinds and its operation.
fn arp(packet: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    let mut out = packet[..8].to_vec();
    for pair in packet[8..].chunks_exact(10) {
        let (mac, ip) = pair.split_at(6);
        let mac = Mac::new(mac.try_into().unwrap_or_default());
        let ip = Ipv4Addr::from(<[u8; 4]>::try_from(ip).unwrap_or_default());
        out.extend_from_slice(&stand_ins.addresses.mac(mac).octets());
        out.extend_from_slice(&stand_ins.addresses.v4(ip).octets());
    }
    out
}

/// The headers of IP and UDP, and the payload. A checksum that was right, wrong or absent
/// stays so: it tells causes apart.
fn datagram(
    data: &mut Vec<u8>,
    frame: &Read<'_>,
    payload: &[u8],
    stand_ins: &mut StandIns<'_>,
) -> Option<()> {
    let Content::Dhcp(datagram) = frame.content else { return None };
    let [source, destination] = [datagram.source, datagram.destination]
        .map(|address| stand_ins.addresses.v4(address).octets());
    // The direction is in the first octet of the message: replies come from the server.
    let is_reply = datagram.payload.first() == Some(&2);
    let [from, to] = if is_reply { PORTS } else { [PORTS[1], PORTS[0]] };
    let length = u16::try_from(payload.len()).ok()?;
    let mut udp =
        UdpHeader { source_port: from, destination_port: to, length: length + 8, checksum: 0 };
    let right = udp.calc_checksum_ipv4_raw(source, destination, payload).ok()?;
    udp.checksum = match datagram.checksum {
        Checksum::Right => right,
        // Zero says that there is none.
        Checksum::Wrong => (!right).max(1),
        Checksum::Unchecked => 0,
    };
    let ip = Ipv4Header::new(length + 8, 64, ip_number::UDP, source, destination).ok()?;
    ip.write(data).ok()?;
    udp.write(data).ok()?;
    data.extend_from_slice(payload);
    Some(())
}

/// The message from those of its fields that a diagnosis reads.
fn payload(message: &Message, stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    use MessageKind::{Ack, Nak, Offer};
    let is_reply = matches!(message.kind, Offer | Ack | Nak);
    let mut out = vec![if is_reply { 2 } else { 1 }, 1, 6, 0];
    out.extend_from_slice(&message.xid.to_be_bytes());
    out.extend_from_slice(&message.secs.to_be_bytes());
    out.extend_from_slice(&[if message.broadcast_flag { 0x80 } else { 0 }, 0]);
    for address in [message.ciaddr, message.yiaddr, None, None] {
        let address = address.unwrap_or(Ipv4Addr::UNSPECIFIED);
        out.extend_from_slice(&stand_ins.addresses.v4(address).octets());
    }
    out.extend_from_slice(&stand_ins.addresses.mac(message.chaddr).octets());
    out.resize(CHADDR + 16 + 64 + 128, 0);
    out.extend_from_slice(&COOKIE);
    options(&mut out, message, stand_ins);
    out.push(255);
    out.resize(out.len().max(SHORTEST_MESSAGE), 0);
    out
}

/// Options by their numbers, RFC 2132.
fn options(out: &mut Vec<u8>, message: &Message, stand_ins: &mut StandIns<'_>) {
    let mut add = |code: u8, data: &[u8]| {
        if let Ok(length) = u8::try_from(data.len()) {
            out.extend_from_slice(&[code, length]);
            out.extend_from_slice(data);
        }
    };
    add(53, &[number(message.kind)]);
    if let Some(length) = message.prefix {
        let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
        add(1, &mask.to_be_bytes());
    }
    let mut address = |address: Ipv4Addr| match stand_ins.addresses.ip(IpAddr::V4(address)) {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(_) => [0; 4],
    };
    if !message.routers.is_empty() {
        add(3, &message.routers.iter().flat_map(|router| address(*router)).collect::<Vec<_>>());
    }
    for (code, value) in [(50, message.requested), (54, message.server)] {
        if let Some(value) = value {
            add(code, &address(value));
        }
    }
    if let Some(octets) = message.mtu {
        add(26, &octets.to_be_bytes());
    }
    if let Some(seconds) = message.lease_s {
        add(51, &seconds.to_be_bytes());
    }
    let portal = message.portal.as_deref().map(host_of);
    let names = [(15, message.domain.as_deref()), (114, portal), (56, message.says.as_deref())];
    for (code, value) in names {
        if let Some(value) = value {
            add(code, text::redact_name(value, stand_ins).as_bytes());
        }
    }
    if let Some(identifier) = &message.client_id {
        add(61, &stand_ins.identifier(identifier));
    }
}

/// The host in a URL: a diagnosis asks only whether there is one.
fn host_of(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    host.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The number of a kind of message: option 53.
fn number(kind: MessageKind) -> u8 {
    match kind {
        MessageKind::Discover => 1,
        MessageKind::Offer => 2,
        MessageKind::Request => 3,
        MessageKind::Decline => 4,
        MessageKind::Ack => 5,
        MessageKind::Nak => 6,
        MessageKind::Release => 7,
        MessageKind::Inform => 8,
    }
}

#[cfg(test)]
mod tests {
    use vmkit_dhcp::Traffic;

    use super::super::names::Names;
    use super::*;

    /// Each field of a message without names and addresses, one by one, as a reader sees it.
    #[test]
    fn a_redacted_message_keeps_what_is_no_name() {
        let bytes = include_bytes!("../../../../sdk/dhcp/tests/data/mac-nat-guest.pcap");
        let (traffic, _) = Traffic::read(&bytes[..]);
        let mut message = traffic.messages().next().expect("a message").clone();
        (message.kind, message.mtu, message.prefix) = (MessageKind::Ack, Some(576), Some(20));
        (message.lease_s, message.secs, message.broadcast_flag) = (Some(90), 7, true);
        let names = Names::default();
        let payload = payload(&message, &mut StandIns::new(&names));
        let option = |code: u8, data: &[u8]| {
            let wanted = [&[code, u8::try_from(data.len()).unwrap()], data].concat();
            payload.windows(wanted.len()).any(|window| window == wanted)
        };
        assert!(option(53, &[5]) && option(26, &[2, 64]) && option(1, &[255, 255, 240, 0]));
        assert!(option(51, &[0, 0, 0, 90]) && payload[8..12] == [0, 7, 0x80, 0]);
    }

    #[test]
    fn a_redacted_frame_keeps_its_vlan() {
        let bytes = include_bytes!("../../../../sdk/dhcp/tests/data/mac-nat-guest.pcap");
        let names = Names::default();
        let mut stand_ins = StandIns::new(&names);
        let (mut seen, tag) = (0, [0x81, 0, 0x60, 42]);
        frames(&bytes[..], |at, frame| {
            let plain = rebuilt(at, frame, &mut stand_ins).expect("a frame");
            for tags in [tag.to_vec(), [[0x88, 0xa8, 0, 7], tag].concat()] {
                let tagged = [&frame[..MACS], &tags, &frame[MACS..]].concat();
                let tagged = rebuilt(at, &tagged, &mut stand_ins).expect("a frame");
                assert_eq!(tagged, [&plain[..MACS], &tags, &plain[MACS..]].concat());
                seen += usize::from(Read::parse(at, &tagged).is_some_and(|it| it.vlan.is_some()));
            }
            Ok::<(), vmkit_dhcp::pcap::Fault>(())
        })
        .expect("a capture");
        assert!(seen > 0);
    }

    #[test]
    fn a_redacted_capture_keeps_its_messages_with_other_names() {
        let bytes = include_bytes!("../../../../sdk/dhcp/tests/data/mac-nat-guest.pcap");
        let names = Names::default();
        let redacted = redact(bytes, &mut StandIns::new(&names));
        let (before, _) = Traffic::read(&bytes[..]);
        let (after, fault) = Traffic::read(&redacted[..]);
        assert_eq!(fault, Ok(()));
        let kinds = |traffic: &Traffic| {
            traffic.messages().map(|m| (m.kind, m.xid, m.checksum)).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&after), kinds(&before));
        let chaddr = before.exchanges[0].chaddr.octets();
        assert!(!redacted.windows(3).any(|window| window == &chaddr[3..]));
        assert_ne!(after.exchanges[0].chaddr, before.exchanges[0].chaddr);
        assert_eq!(after.exchanges[0].chaddr.octets()[..3], chaddr[..3]);
    }
}
