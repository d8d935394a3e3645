//! From an Ethernet frame to the payload of a DHCP datagram.

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice, UdpSlice};

/// The ports of DHCP's servers and relays, and of its clients.
const PORTS: [u16; 2] = [67, 68];

/// What a datagram between DHCP's ports carries.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Datagram<'a> {
    pub(crate) payload: &'a [u8],
    /// Its checksum does not fit. A frame captured where it was sent has none yet: the card, or
    /// for a virtual one nobody, computes it.
    pub(crate) wrong_checksum: bool,
}

/// The datagram in a frame, VLAN tags and IP options passed over. `None` for anything else, a
/// fragment included: no server's answer is longer than a frame.
pub(crate) fn datagram(frame: &[u8]) -> Option<Datagram<'_>> {
    let packet = LaxSlicedPacket::from_ethernet(frame).ok()?;
    let Some(LaxNetSlice::Ipv4(ip)) = packet.net else { return None };
    let Some(TransportSlice::Udp(udp)) = packet.transport else { return None };
    let ports = [udp.source_port(), udp.destination_port()];
    let is_dhcp = ports.iter().all(|port| PORTS.contains(port)) && ports.contains(&PORTS[0]);
    (is_dhcp && !ip.is_payload_fragmented()).then(|| Datagram {
        payload: udp.payload(),
        wrong_checksum: has_wrong_checksum(&udp, ip.header().source(), ip.header().destination()),
    })
}

/// `false` where it cannot be told: no checksum was sent, or the capture cut the datagram.
fn has_wrong_checksum(udp: &UdpSlice<'_>, source: [u8; 4], destination: [u8; 4]) -> bool {
    let whole = usize::from(udp.length()) == udp.slice().len();
    let sent = udp.checksum();
    let computed = udp.to_header().calc_checksum_ipv4_raw(source, destination, udp.payload());
    whole && sent != 0 && computed != Ok(sent)
}
