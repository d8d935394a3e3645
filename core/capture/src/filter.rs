//! The capture filters as classic BPF programs.

#[cfg(target_os = "linux")]
use socket2::SockFilter;

#[cfg(target_os = "macos")]
use crate::macos::SockFilter;

/// Load a half-word at `k` of the frame.
const LOAD_HALF: u16 = 0x28;
/// Load the octet at `k`.
const LOAD_OCTET: u16 = 0x30;
/// Load the half-word at `k` plus the index.
const LOAD_HALF_INDEXED: u16 = 0x48;
/// Set the index to four times the low half of the octet at `k`: the length of an IP header.
const INDEX_IP_HEADER: u16 = 0xb1;
/// Jump if the loaded value equals `k`, or has a bit of `k`.
const IF_EQUAL: u16 = 0x15;
const IF_ANY_BIT: u16 = 0x45;
/// Return: keep `k` octets of the frame.
const KEEP: u16 = 0x06;

const ARP: u32 = 0x0806;
const IPV4: u32 = 0x0800;
const IPV6: u32 = 0x86dd;
const VLAN: u32 = 0x8100;
/// The first octet of an IPv6 multicast address in Ethernet.
const MULTICAST: u32 = 0x33;
const UDP: u32 = 17;
const SERVER_PORT: u32 = 67;
const CLIENT_PORT: u32 = 68;
/// Nonzero in later fragments, which have no ports.
const FRAGMENT_OFFSET: u32 = 0x1fff;
/// More octets than any frame has.
const WHOLE: u32 = 262_144;
/// The headers of Ethernet and of IPv6.
const HEADERS: u32 = 54;

/// One instruction: operation, next instruction if the condition holds and if not, and value.
type Instruction = (u16, usize, usize, u32);

/// The next instruction.
const NEXT: usize = usize::MAX;
/// Where the parts for tagged frames and for IPv6 begin, and the two ends.
const TAGGED_PART: usize = 16;
const IPV6_PART: usize = 30;
const ACCEPT: usize = 33;
const REJECT: usize = 34;

/// Accepts ARP, and UDP over IPv4 from or to DHCP's ports, each with at most one VLAN tag. Of IPv6
/// multicast it keeps the headers, whose source shows VMs that ask nobody for an address.
const PROGRAM: [Instruction; 35] = [
    (LOAD_HALF, NEXT, NEXT, 12),
    (IF_EQUAL, ACCEPT, NEXT, ARP),
    (IF_EQUAL, TAGGED_PART, NEXT, VLAN),
    (IF_EQUAL, IPV6_PART, NEXT, IPV6),
    (IF_EQUAL, NEXT, REJECT, IPV4),
    (LOAD_OCTET, NEXT, NEXT, 23),
    (IF_EQUAL, NEXT, REJECT, UDP),
    (LOAD_HALF, NEXT, NEXT, 20),
    (IF_ANY_BIT, REJECT, NEXT, FRAGMENT_OFFSET),
    (INDEX_IP_HEADER, NEXT, NEXT, 14),
    (LOAD_HALF_INDEXED, NEXT, NEXT, 14),
    (IF_EQUAL, ACCEPT, NEXT, SERVER_PORT),
    (IF_EQUAL, ACCEPT, NEXT, CLIENT_PORT),
    (LOAD_HALF_INDEXED, NEXT, NEXT, 16),
    (IF_EQUAL, ACCEPT, NEXT, SERVER_PORT),
    (IF_EQUAL, ACCEPT, REJECT, CLIENT_PORT),
    // A VLAN tag moves everything by four octets.
    (LOAD_HALF, NEXT, NEXT, 16),
    (IF_EQUAL, ACCEPT, NEXT, ARP),
    (IF_EQUAL, NEXT, REJECT, IPV4),
    (LOAD_OCTET, NEXT, NEXT, 27),
    (IF_EQUAL, NEXT, REJECT, UDP),
    (LOAD_HALF, NEXT, NEXT, 24),
    (IF_ANY_BIT, REJECT, NEXT, FRAGMENT_OFFSET),
    (INDEX_IP_HEADER, NEXT, NEXT, 18),
    (LOAD_HALF_INDEXED, NEXT, NEXT, 18),
    (IF_EQUAL, ACCEPT, NEXT, SERVER_PORT),
    (IF_EQUAL, ACCEPT, NEXT, CLIENT_PORT),
    (LOAD_HALF_INDEXED, NEXT, NEXT, 20),
    (IF_EQUAL, ACCEPT, NEXT, SERVER_PORT),
    (IF_EQUAL, ACCEPT, REJECT, CLIENT_PORT),
    (LOAD_OCTET, NEXT, NEXT, 0),
    (IF_EQUAL, NEXT, REJECT, MULTICAST),
    (KEEP, NEXT, NEXT, HEADERS),
    (KEEP, NEXT, NEXT, WHOLE),
    (KEEP, NEXT, NEXT, 0),
];

/// An ARP frame has 42 octets, padded to Ethernet's minimum.
#[cfg(target_os = "linux")]
const ARP_FRAME: u32 = 60;

/// Accepts ARP, up to the length of an ARP frame.
#[cfg(target_os = "linux")]
pub(crate) fn arp() -> [SockFilter; 4] {
    [
        SockFilter::new(LOAD_HALF, 0, 0, 12),
        SockFilter::new(IF_EQUAL, 0, 1, ARP),
        SockFilter::new(KEEP, 0, 0, ARP_FRAME),
        SockFilter::new(KEEP, 0, 0, 0),
    ]
}

/// The program for the kernel, where jumps are numbers of skipped instructions.
pub(crate) fn program() -> [SockFilter; PROGRAM.len()] {
    std::array::from_fn(|at| {
        let (code, then, otherwise, value) = PROGRAM[at];
        let skipped = |target: usize| match target {
            NEXT => 0,
            // The program is shorter than 256.
            target => u8::try_from(target - at - 1).unwrap_or(u8::MAX),
        };
        SockFilter::new(code, skipped(then), skipped(otherwise), value)
    })
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::{Read as _, Write as _};

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// An Ethernet frame: addresses, then `rest`.
    fn frame(rest: &[&[u8]]) -> Vec<u8> {
        [&[0; 12][..], &rest.concat()].concat()
    }

    /// An IPv4 header with this length in words, protocol and fragment offset.
    fn ip(words: u8, protocol: u8, fragment: [u8; 2]) -> Vec<u8> {
        let mut header = vec![0; usize::from(words) * 4];
        header[0] = 0x40 | words;
        header[6..8].copy_from_slice(&fragment);
        header[9] = protocol;
        header
    }

    fn udp(from: u16, to: u16) -> Vec<u8> {
        [from.to_be_bytes(), to.to_be_bytes(), [0, 9], [0, 0]].concat()
    }

    /// The part of a frame that the kernel accepts: a local socket's filter sees its peer's writes.
    fn passed(program: &[SockFilter], frame: &[u8]) -> Option<Vec<u8>> {
        let (sender, receiver) = Socket::pair(Domain::UNIX, Type::DGRAM, None).unwrap();
        receiver.attach_filter(program).unwrap();
        receiver.set_nonblocking(true).unwrap();
        (&sender).write_all(frame).unwrap();
        let mut kept = [0_u8; 2048];
        (&receiver).read(&mut kept).ok().map(|length| kept[..length].to_vec())
    }

    #[test]
    fn the_arp_filter_accepts_only_arp() {
        let long = frame(&[&[0x08, 0x06], &[7; 100]]);
        let rows = [
            ("ARP", frame(&[&[0x08, 0x06], &[0; 28]]), Some(42)),
            ("an overlong one", long, Some(60)),
            ("DHCP", frame(&[&[0x08, 0x00], &ip(5, 17, [0, 0]), &udp(68, 67)]), None),
            ("tagged ARP", frame(&[&[0x81, 0, 0, 7, 0x08, 0x06], &[0; 28]]), None),
            ("cut before its type", vec![0; 12], None),
        ];
        for (what, frame, expected) in rows {
            let kept = passed(&arp(), &frame);
            assert_eq!(kept.as_ref().map(Vec::len), expected, "{what}");
            assert!(kept.is_none_or(|kept| frame.starts_with(&kept)), "{what}");
        }
    }

    #[test]
    fn the_filter_accepts_only_dhcp_arp_and_multicast_headers() {
        const IP: &[u8] = &[0x08, 0x00];
        const TAG: &[u8] = &[0x81, 0x00, 0x00, 0x07];
        let whole = [0, 0];
        let rows = [
            ("a request", frame(&[IP, &ip(5, 17, whole), &udp(68, 67), b"x"]), true),
            ("an answer", frame(&[IP, &ip(5, 17, whole), &udp(67, 68), b"x"]), true),
            ("to a relay", frame(&[IP, &ip(5, 17, whole), &udp(67, 67)]), true),
            ("from another port", frame(&[IP, &ip(5, 17, whole), &udp(1068, 67)]), true),
            ("to another port", frame(&[IP, &ip(5, 17, whole), &udp(68, 1067)]), true),
            ("with IP options", frame(&[IP, &ip(15, 17, whole), &udp(68, 67)]), true),
            ("not to be fragmented", frame(&[IP, &ip(5, 17, [0x40, 0]), &udp(68, 67)]), true),
            ("a first fragment", frame(&[IP, &ip(5, 17, [0x20, 0]), &udp(68, 67)]), true),
            ("a later fragment", frame(&[IP, &ip(5, 17, [0, 9]), &udp(68, 67)]), false),
            ("tagged", frame(&[TAG, IP, &ip(5, 17, whole), &udp(68, 67)]), true),
            ("tagged, an answer", frame(&[TAG, IP, &ip(6, 17, whole), &udp(4000, 68)]), true),
            ("tagged DNS", frame(&[TAG, IP, &ip(5, 17, whole), &udp(4000, 53)]), false),
            ("tagged TCP", frame(&[TAG, IP, &ip(5, 6, whole), &udp(68, 67)]), false),
            ("ARP", frame(&[&[0x08, 0x06], &[0; 28]]), true),
            ("tagged ARP", frame(&[TAG, &[0x08, 0x06], &[0; 28]]), true),
            ("DNS", frame(&[IP, &ip(5, 17, whole), &udp(4000, 53)]), false),
            ("TCP", frame(&[IP, &ip(5, 6, whole), &udp(68, 67)]), false),
            ("IPv6", frame(&[&[0x86, 0xdd], &ip(5, 17, whole), &udp(68, 67)]), false),
            ("IPv6 to one", frame(&[&[0x86, 0xdd], &[0; 60]]), false),
            ("cut before its ports", frame(&[IP, &ip(5, 17, whole)]), false),
            ("cut before its type", vec![0; 12], false),
        ];
        for (what, frame, expected) in rows {
            assert_eq!(passed(&program(), &frame), expected.then_some(frame), "{what}");
        }
        let group =
            [&[0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x86, 0xdd][..], &[7; 60]].concat();
        assert_eq!(passed(&program(), &group).as_deref(), Some(&group[..54]));
    }
}
