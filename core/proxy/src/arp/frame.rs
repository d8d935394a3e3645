//! ARP over Ethernet: writes a request, and reads the replies.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

use super::link::Link;

/// Octets of a request, without the padding that network cards add.
pub(super) const REQUEST: usize = 42;

/// Frame type, hardware, protocol, and the lengths of their addresses: ARP between Ethernet and IPv4
/// addresses (RFC 826).
const ETHERNET_AND_IPV4: [u8; 8] = [0x08, 0x06, 0, 1, 0x08, 0, 6, 4];
/// The two operations.
const ASKS: [u8; 2] = [0, 1];
const REPLIES: [u8; 2] = [0, 2];
/// Where the fields begin.
const TYPE: usize = 12;
const OPERATION: usize = 20;
const SENDER_MAC: usize = 22;
const SENDER: usize = 28;
const TARGET: usize = 38;

/// Which MAC answers for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) address: Ipv4Addr,
    pub(super) mac: Mac,
}

/// The frame that asks on this link who has the address. Its sender is the host's own address:
/// MAC-NAT does not translate a request without a sender, and some hosts do not answer it.
pub(super) fn request(link: &Link, address: Ipv4Addr) -> [u8; REQUEST] {
    let mut frame = [0; REQUEST];
    let mut put = |at: usize, octets: &[u8]| frame[at..at + octets.len()].copy_from_slice(octets);
    put(0, &[0xff; 6]);
    put(6, &link.mac.octets());
    put(TYPE, &ETHERNET_AND_IPV4);
    put(OPERATION, &ASKS);
    put(SENDER_MAC, &link.mac.octets());
    put(SENDER, &link.address.octets());
    put(TARGET, &address.octets());
    frame
}

/// The reply in this frame, if it is one to this host and its MAC can be that of one other host.
pub(super) fn reply(frame: &[u8], link: &Link) -> Option<Reply> {
    let frame: &[u8; REQUEST] = frame.first_chunk()?;
    let address = |at: usize| frame[at..].first_chunk().map(|octets: &[u8; 4]| (*octets).into());
    let mac = Mac::new(*frame[SENDER_MAC..].first_chunk()?);
    let is_reply =
        frame[TYPE..OPERATION] == ETHERNET_AND_IPV4 && frame[OPERATION..SENDER_MAC] == REPLIES;
    let is_one_host = !mac.is_zero() && !mac.is_multicast() && mac != link.mac;
    let is_for_this_host = address(TARGET) == Some(link.address);
    let address = address(SENDER)?;
    (is_reply && is_one_host && is_for_this_host).then_some(Reply { address, mac })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 64);

    fn link() -> Link {
        let mac = Mac::new([0x52, 0x54, 0, 0, 0, 9]);
        let address = Ipv4Addr::new(192, 168, 1, 50);
        Link { interface: "br0".to_owned(), mac, address, length: 24 }
    }

    /// A reply of 52:54:00:00:00:01 to the host, with some octets changed.
    fn answer(changes: &[(usize, &[u8])]) -> Vec<u8> {
        let mut frame = request(&link(), WEB).to_vec();
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
        let frame = request(&link(), WEB);
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
