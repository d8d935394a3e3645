//! ARP over Ethernet: writes a request, and reads the replies.

use std::net::Ipv4Addr;

use pnet_base::MacAddr;
use pnet_packet::{
    Packet as _,
    arp::{ArpHardwareTypes, ArpOperations, ArpPacket, MutableArpPacket},
    ethernet::{EtherTypes, EthernetPacket, MutableEthernetPacket},
};
use vmkit_plugin::{Link, Mac};

/// Octets of an Ethernet header.
const HEADER: usize = 14;
/// Octets of a request, without the padding that network cards add.
pub(crate) const REQUEST: usize = HEADER + 28;

/// Which MAC answers for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) address: Ipv4Addr,
    pub(crate) mac: Mac,
}

/// The frame that asks on this link who has the address. Its sender is the host's own address:
/// MAC-NAT does not translate a request without a sender, and some hosts do not answer it.
pub(crate) fn request(link: &Link, address: Ipv4Addr) -> Option<[u8; REQUEST]> {
    let mut frame = [0; REQUEST];
    let own = pnet_mac(link.mac);
    let mut ethernet = MutableEthernetPacket::new(&mut frame)?;
    ethernet.set_destination(MacAddr::broadcast());
    ethernet.set_source(own);
    ethernet.set_ethertype(EtherTypes::Arp);
    let mut arp = MutableArpPacket::new(&mut frame[HEADER..])?;
    arp.set_hardware_type(ArpHardwareTypes::Ethernet);
    arp.set_protocol_type(EtherTypes::Ipv4);
    arp.set_hw_addr_len(6);
    arp.set_proto_addr_len(4);
    arp.set_operation(ArpOperations::Request);
    arp.set_sender_hw_addr(own);
    arp.set_sender_proto_addr(link.address);
    arp.set_target_hw_addr(MacAddr::zero());
    arp.set_target_proto_addr(address);
    Some(frame)
}

/// The reply in this frame, if it is one to this host and its MAC can be that of one other host.
pub(crate) fn reply(frame: &[u8], link: &Link) -> Option<Reply> {
    let ethernet = EthernetPacket::new(frame)?;
    let arp = ArpPacket::new(ethernet.payload())?;
    let mac = Mac::new(arp.get_sender_hw_addr().octets());
    let is_reply = ethernet.get_ethertype() == EtherTypes::Arp
        && arp.get_hardware_type() == ArpHardwareTypes::Ethernet
        && arp.get_protocol_type() == EtherTypes::Ipv4
        && (arp.get_hw_addr_len(), arp.get_proto_addr_len()) == (6, 4)
        && arp.get_operation() == ArpOperations::Reply;
    let is_one_host = !mac.is_zero() && !mac.is_multicast() && mac != link.mac;
    (is_reply && is_one_host && arp.get_target_proto_addr() == link.address)
        .then(|| Reply { address: arp.get_sender_proto_addr(), mac })
}

fn pnet_mac(mac: Mac) -> MacAddr {
    let octets = mac.octets();
    MacAddr::new(octets[0], octets[1], octets[2], octets[3], octets[4], octets[5])
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 64);

    fn link() -> Link {
        "br0 52:54:00:00:00:09 192.168.1.50/24".parse().unwrap()
    }

    /// A reply of 52:54:00:00:00:01 to the host, with some octets changed.
    fn answer(changes: &[(usize, &[u8])]) -> Vec<u8> {
        let mut frame = request(&link(), WEB).unwrap().to_vec();
        let mac = [0x52, 0x54, 0, 0, 0, 1];
        frame[..6].copy_from_slice(&link().mac.octets());
        frame[6..12].copy_from_slice(&mac);
        frame[21] = 2;
        frame[22..28].copy_from_slice(&mac);
        frame[28..32].copy_from_slice(&WEB.octets());
        frame[32..38].copy_from_slice(&link().mac.octets());
        frame[38..42].copy_from_slice(&link().address.octets());
        for (at, octets) in changes {
            frame[*at..at + octets.len()].copy_from_slice(octets);
        }
        frame
    }

    #[test]
    fn a_request_is_what_the_kernel_would_send() {
        let frame = request(&link(), WEB).unwrap();
        let expected: [&[u8]; 4] = [
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0, 0, 9, 0x08, 0x06],
            &[0, 1, 0x08, 0, 6, 4, 0, 1],
            &[0x52, 0x54, 0, 0, 0, 9, 192, 168, 1, 50],
            &[0, 0, 0, 0, 0, 0, 192, 168, 1, 64],
        ];
        assert_eq!(frame.to_vec(), expected.concat());
    }

    #[test]
    fn accepts_only_replies_of_one_host_to_this_one() {
        let padded = [answer(&[]), vec![0xee; 18]].concat();
        let rows: [(&str, Vec<u8>, bool); 13] = [
            ("a reply", answer(&[]), true),
            ("padded", padded, true),
            ("through a repeater", answer(&[(6, &[2, 0, 0, 0, 0, 7])]), true),
            ("a request", answer(&[(21, &[1])]), false),
            ("another kind of frame", answer(&[(12, &[0x08, 0])]), false),
            ("not of Ethernet", answer(&[(15, &[6])]), false),
            ("not of IPv4", answer(&[(16, &[0x86, 0xdd])]), false),
            ("longer addresses", answer(&[(18, &[8])]), false),
            ("to somebody else", answer(&[(38, &[192, 168, 1, 51])]), false),
            ("from a group", answer(&[(22, &[0x01])]), false),
            ("from the zero MAC", answer(&[(22, &[0; 6])]), false),
            ("from this host", answer(&[(22, &link().mac.octets())]), false),
            ("cut", answer(&[])[..41].to_vec(), false),
        ];
        for (what, frame, expected) in rows {
            let mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
            let reply = reply(&frame, &link());
            assert_eq!(reply, expected.then_some(Reply { address: WEB, mac }), "{what}");
        }
    }

    #[test]
    fn a_cut_frame_is_no_reply() {
        let whole = answer(&[]);
        for length in 0..whole.len() {
            assert_eq!(reply(&whole[..length], &link()), None, "{length}");
        }
    }
}
