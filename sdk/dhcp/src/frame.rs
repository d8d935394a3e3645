//! Ethernet frames and what they carry: a DHCP datagram, an ARP packet, or neither.

use std::{net::Ipv4Addr, time::SystemTime};

use etherparse::{
    ArpHardwareId, ArpOperation, EtherType, LaxNetSlice, LaxSlicedPacket, LinkSlice,
    TransportSlice, UdpSlice,
};
use vmkit_types::Mac;

/// What a tag names that gives a frame a priority alone, IEEE 802.1Q.
const NO_VLAN: u16 = 0;
/// The ports of DHCP's servers and relays, and of its clients.
const PORTS: [u16; 2] = [67, 68];

/// One Ethernet frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Source of the Ethernet frame.
    pub source: Mac,
    /// Destination of the Ethernet frame.
    pub destination: Mac,
    /// The VLAN of its outermost tag. `None`: it has no tag, or one that names no VLAN.
    pub vlan: Option<u16>,
    /// What it carries.
    pub content: Content<'a>,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A datagram between the ports of DHCP.
    Dhcp(Datagram<'a>),
    /// An ARP packet.
    Arp(Arp),
    /// Something else.
    Other,
}

/// A datagram between the ports of DHCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Source of the IP packet.
    pub source: Ipv4Addr,
    /// Destination of the IP packet.
    pub destination: Ipv4Addr,
    /// Its UDP checksum. A frame that was captured on its sender has none yet: the network card
    /// computes it, and for a virtual card nobody does.
    pub checksum: Checksum,
    /// The DHCP message.
    pub payload: &'a [u8],
}

/// Whether the checksums of a frame are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// All are right.
    Right,
    /// The UDP or IP checksum is wrong.
    Wrong,
    /// There is nothing to check: UDP without a checksum, a fragment, or a cut frame.
    Unchecked,
}

/// One ARP frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// When it passed.
    pub at: SystemTime,
    /// Whether it is a reply; otherwise it is a request.
    pub reply: bool,
    /// The sender's hardware address in the ARP payload.
    pub sender_mac: Mac,
    /// The sender's address; `None` in a probe for conflicts, which has 0.0.0.0.
    pub sender: Option<Ipv4Addr>,
    /// The address that is asked for, or that a reply is about.
    pub target: Ipv4Addr,
}

impl<'a> Frame<'a> {
    /// Reads a frame, skipping VLAN tags and IP options. `None`: it is not an Ethernet frame.
    ///
    /// A fragment is [`Content::Other`]: no server's answer is longer than a frame.
    pub fn parse(at: SystemTime, frame: &'a [u8]) -> Option<Self> {
        let packet = LaxSlicedPacket::from_ethernet(frame).ok()?;
        let Some(LinkSlice::Ethernet2(ethernet)) = &packet.link else { return None };
        let content = match &packet.net {
            Some(LaxNetSlice::Arp(packet)) => arp(at, packet).map(Content::Arp),
            Some(LaxNetSlice::Ipv4(ip)) if !ip.is_payload_fragmented() => {
                let addresses = [ip.header().source(), ip.header().destination()];
                packet.transport.as_ref().and_then(|transport| datagram(transport, addresses))
            }
            _ => None,
        };
        Some(Self {
            source: Mac::new(ethernet.source()),
            destination: Mac::new(ethernet.destination()),
            vlan: packet.vlan_ids().first().map(|id| id.value()).filter(|id| *id != NO_VLAN),
            content: content.unwrap_or(Content::Other),
        })
    }
}

fn datagram<'a>(
    transport: &TransportSlice<'a>,
    [source, destination]: [[u8; 4]; 2],
) -> Option<Content<'a>> {
    let TransportSlice::Udp(udp) = transport else { return None };
    let ports = [udp.source_port(), udp.destination_port()];
    let is_dhcp = ports.iter().all(|port| PORTS.contains(port)) && ports.contains(&PORTS[0]);
    is_dhcp.then(|| {
        Content::Dhcp(Datagram {
            source: source.into(),
            destination: destination.into(),
            checksum: checksum(udp, source, destination),
            payload: udp.payload(),
        })
    })
}

fn checksum(udp: &UdpSlice<'_>, source: [u8; 4], destination: [u8; 4]) -> Checksum {
    let whole = usize::from(udp.length()) == udp.slice().len();
    let sent = udp.checksum();
    if !whole || sent == 0 {
        return Checksum::Unchecked;
    }
    match udp.to_header().calc_checksum_ipv4_raw(source, destination, udp.payload()) {
        Ok(computed) if computed == sent => Checksum::Right,
        _ => Checksum::Wrong,
    }
}

fn arp(at: SystemTime, packet: &etherparse::ArpPacketSlice<'_>) -> Option<Arp> {
    let of_ethernet = packet.hw_addr_type() == ArpHardwareId::ETHERNET
        && packet.proto_addr_type() == EtherType::IPV4;
    let reply = match packet.operation() {
        ArpOperation::REQUEST => false,
        ArpOperation::REPLY => true,
        _ => return None,
    };
    let address = |octets: &[u8]| <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from);
    let sender = address(packet.sender_protocol_addr())?;
    // A reply is about its sender, and so is an announcement, which asks for its sender's address.
    let asked = address(packet.target_protocol_addr())?;
    of_ethernet.then_some(())?;
    Some(Arp {
        at,
        reply,
        sender_mac: Mac::new(packet.sender_hw_addr().try_into().ok()?),
        sender: Some(sender).filter(|address| !address.is_unspecified()),
        target: if reply { sender } else { asked },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_vlan_of_the_outermost_tag() {
        let rows: [(&[u8], Option<u16>); 4] = [
            (&[0x08, 0x00], None),
            (&[0x81, 0, 0x60, 42, 0x08, 0], Some(42)),
            (&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 42, 0x08, 0], Some(7)),
            (&[0x81, 0, 0x60, 0, 0x08, 0], None),
        ];
        for (kind, expected) in rows {
            let frame = [&[2; 12], kind, &[0; 46]].concat();
            let read = Frame::parse(SystemTime::UNIX_EPOCH, &frame).expect("a frame");
            assert_eq!(read.vlan, expected, "{kind:x?}");
        }
    }
}
