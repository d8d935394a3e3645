//! Builds frames and pcap files.

use std::net::Ipv4Addr;

use etherparse::PacketBuilder;
use vmkit_types::Mac;

/// DHCP message types (RFC 2132, 9.6).
pub(super) const DISCOVER: u8 = 1;
pub(super) const OFFER: u8 = 2;
pub(super) const REQUEST: u8 = 3;
pub(super) const DECLINE: u8 = 4;
pub(super) const ACK: u8 = 5;
pub(super) const NAK: u8 = 6;
pub(super) const RELEASE: u8 = 7;

/// `flags`: reply by broadcast (RFC 2131, 2).
pub(super) const BROADCAST: u16 = 0x8000;

/// One DHCP message with the headers around it.
#[derive(Clone, Debug)]
pub(super) struct Dhcp {
    pub(super) kind: u8,
    pub(super) xid: u32,
    pub(super) flags: u16,
    pub(super) source: Mac,
    pub(super) destination: Mac,
    pub(super) from: Ipv4Addr,
    pub(super) to: Ipv4Addr,
    pub(super) chaddr: Mac,
    pub(super) ciaddr: Ipv4Addr,
    pub(super) yiaddr: Ipv4Addr,
    pub(super) client_id: Option<Vec<u8>>,
    pub(super) hostname: Option<String>,
    pub(super) requested: Option<Ipv4Addr>,
    pub(super) server: Option<Ipv4Addr>,
    /// Mask, router and lease in seconds, as servers send them.
    pub(super) terms: Option<(Ipv4Addr, Ipv4Addr, u32)>,
    /// The MTU that the lease sets.
    pub(super) mtu: Option<u16>,
    /// The login page that the lease names (RFC 8910).
    pub(super) portal: Option<&'static str>,
    /// Whether the UDP checksum is left to a card that does not fill it in.
    pub(super) checksum_wrong: bool,
}

impl Dhcp {
    /// Whether a client sends it.
    pub(super) fn of_client(&self) -> bool {
        matches!(self.kind, DISCOVER | REQUEST | DECLINE | RELEASE)
    }

    pub(super) fn frame(&self) -> Vec<u8> {
        let payload = self.payload();
        let (from, to) = if self.of_client() { (68, 67) } else { (67, 68) };
        let builder = PacketBuilder::ethernet2(self.source.octets(), self.destination.octets())
            .ipv4(self.from.octets(), self.to.octets(), 64)
            .udp(from, to);
        let mut frame = Vec::with_capacity(builder.size(payload.len()));
        builder.write(&mut frame, &payload).unwrap_or_default();
        if self.checksum_wrong {
            // Ethernet 14, IPv4 20, then the checksum at octet 6 of UDP.
            for octet in frame.iter_mut().skip(40).take(2) {
                *octet ^= 0x5a;
            }
        }
        frame
    }

    fn payload(&self) -> Vec<u8> {
        let mut bytes = vec![if self.of_client() { 1 } else { 2 }, 1, 6, 0];
        bytes.extend(self.xid.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(self.flags.to_be_bytes());
        for address in [self.ciaddr, self.yiaddr, self.server.unwrap_or(Ipv4Addr::UNSPECIFIED)] {
            bytes.extend(address.octets());
        }
        bytes.extend([0; 4]);
        bytes.extend(self.chaddr.octets());
        bytes.resize(236, 0);
        bytes.extend([99, 130, 83, 99, 53, 1, self.kind]);
        let mut option = |code: u8, value: &[u8]| {
            let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
            bytes.extend([code, length]);
            bytes.extend(&value[..usize::from(length)]);
        };
        if let Some(identifier) = &self.client_id {
            option(61, identifier);
        }
        if let Some(address) = self.requested {
            option(50, &address.octets());
        }
        if let Some(server) = self.server {
            option(54, &server.octets());
        }
        if let Some((mask, router, lease)) = self.terms {
            option(51, &lease.to_be_bytes());
            option(1, &mask.octets());
            option(3, &router.octets());
            option(6, &router.octets());
        }
        if let Some(mtu) = self.mtu {
            option(26, &mtu.to_be_bytes());
        }
        if let Some(portal) = self.portal {
            option(114, portal.as_bytes());
        }
        if let Some(name) = &self.hostname {
            option(12, name.as_bytes());
        }
        if self.of_client() {
            option(55, &[1, 3, 6, 12, 15, 28, 42]);
        }
        bytes.push(255);
        bytes.resize(bytes.len().max(300), 0);
        bytes
    }
}

/// An ARP request (1) or reply (2).
pub(super) fn arp(
    operation: u8,
    sender: (Mac, Ipv4Addr),
    target: (Mac, Ipv4Addr),
    destination: Mac,
) -> Vec<u8> {
    let mut frame = destination.octets().to_vec();
    frame.extend(sender.0.octets());
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
    frame.extend(sender.0.octets());
    frame.extend(sender.1.octets());
    frame.extend(target.0.octets());
    frame.extend(target.1.octets());
    frame.resize(60, 0);
    frame
}

/// A guest's `ICMPv6` router solicitation, which every kernel sends when a link comes up.
pub(super) fn router_solicitation(mac: Mac) -> Vec<u8> {
    let own = mac.octets();
    let mut link_local = [0u8; 16];
    link_local[..2].copy_from_slice(&[0xfe, 0x80]);
    link_local[8..].copy_from_slice(&[
        own[0] ^ 2,
        own[1],
        own[2],
        0xff,
        0xfe,
        own[3],
        own[4],
        own[5],
    ]);
    let mut all_routers = [0u8; 16];
    (all_routers[0], all_routers[1], all_routers[15]) = (0xff, 2, 2);
    let builder = PacketBuilder::ethernet2(own, [0x33, 0x33, 0, 0, 0, 2])
        .ipv6(link_local, all_routers, 255)
        .icmpv6_raw(133, 0, [0; 4]);
    let mut frame = Vec::new();
    builder.write(&mut frame, &[1, 1, own[0], own[1], own[2], own[3], own[4], own[5]]).ok();
    frame
}

/// A pcap file of frames with times in milliseconds since the Unix epoch, as tcpdump writes it.
pub(super) fn pcap(frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        file.extend(word.to_le_bytes());
    }
    // Version 2.4 is two halves, in the file's byte order.
    file[4..8].copy_from_slice(&[2, 0, 4, 0]);
    let word = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    for (at, frame) in frames {
        let length = word(frame.len() as u64);
        file.extend(word(at / 1000));
        file.extend(word(at % 1000 * 1000));
        file.extend(length);
        file.extend(length);
        file.extend(frame);
    }
    file
}
