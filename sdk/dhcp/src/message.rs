//! One DHCP message, as it passed one point of the network.

use std::{net::Ipv4Addr, time::SystemTime};

use dhcproto::v4::{
    HType, MessageType, Opcode, OptionCode,
    borrowed::{DhcpOptionIterator, Message as Wire},
};
use vmkit_types::{Mac, bounded};

use crate::{Checksum, Content, Frame};

/// The fixed part of a message up to the magic cookie, RFC 2131, and its two fields that may hold
/// options.
const FIXED: usize = 240;
const SERVER_NAME: std::ops::Range<usize> = 44..108;
const FILE_NAME: std::ops::Range<usize> = 108..236;
/// Bits of the option "overload": which of the two fields holds options.
const FILE_HOLDS_OPTIONS: u8 = 1;
const SERVER_NAME_HOLDS_OPTIONS: u8 = 2;
/// The bit of `flags` that asks for replies by broadcast.
const BROADCAST: u16 = 0x8000;
/// Most routers that are kept of one lease.
const MOST_ROUTERS: usize = 4;
/// Most bytes that are kept of a text.
const LONGEST_TEXT: usize = 255;

/// Kind of a message: option 53, RFC 2132.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client asks for an address that it was offered or had before.
    Request,
    /// A server gives the address.
    Ack,
    /// A server refuses the address.
    Nak,
    /// A client found the address in use.
    Decline,
    /// A client gives its address back.
    Release,
    /// A client that has an address asks for the rest.
    Inform,
}

/// A DHCP message with the frame that carried it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When it passed.
    pub at: SystemTime,
    /// Option 53.
    pub kind: MessageKind,
    /// Source of the Ethernet frame.
    pub source_mac: Mac,
    /// Destination of the Ethernet frame.
    pub destination_mac: Mac,
    /// The VLAN of the frame's outermost tag. `None`: it has none.
    pub vlan: Option<u16>,
    /// Source of the IP packet.
    pub source: Ipv4Addr,
    /// Destination of the IP packet.
    pub destination: Ipv4Addr,
    /// Whether the frame's checksums are right.
    pub checksum: Checksum,
    /// Transaction id.
    pub xid: u32,
    /// Seconds that the client has been trying, by its own account.
    pub secs: u16,
    /// Whether the client asks for replies by broadcast.
    pub broadcast_flag: bool,
    /// The client's hardware address.
    pub chaddr: Mac,
    /// Option 61, unchanged.
    pub client_id: Option<Vec<u8>>,
    /// The address that the client has already.
    pub ciaddr: Option<Ipv4Addr>,
    /// The address that the server gives.
    pub yiaddr: Option<Ipv4Addr>,
    /// Option 50: the address that the client asks for.
    pub requested: Option<Ipv4Addr>,
    /// Option 54: the server that answers, or that the client has chosen.
    pub server: Option<Ipv4Addr>,
    /// Option 51, in seconds; `u32::MAX` means without end.
    pub lease_s: Option<u32>,
    /// Option 1, as a prefix length.
    pub prefix: Option<u8>,
    /// Option 26: the MTU that the lease sets, in octets.
    pub mtu: Option<u16>,
    /// Option 3: the routers that the lease names.
    pub routers: Vec<Ipv4Addr>,
    /// Option 15: the domain that the lease names, bounded and not escaped.
    pub domain: Option<String>,
    /// Option 114: the login page of a network that wants a login, RFC 8910; bounded and not escaped.
    pub portal: Option<String>,
    /// Option 56: why a server refuses, bounded and not escaped.
    pub says: Option<String>,
}

/// What a network without a login writes into option 114.
const NO_PORTAL: &str = "urn:ietf:params:capport:unrestricted";

impl Message {
    /// Reads the DHCP message of a frame. `None`: the frame has none of an Ethernet client, or one of a
    /// kind that its side does not send.
    pub fn parse(at: SystemTime, frame: &Frame<'_>) -> Option<Self> {
        let Content::Dhcp(datagram) = frame.content else { return None };
        let payload = datagram.payload;
        let wire = Wire::new(payload).ok()?;
        // The parser would read a longer hardware address past its field, so check the length first.
        if wire.htype() != HType::Eth || wire.hlen() != 6 {
            return None;
        }
        let chaddr = Mac::new(wire.chaddr().try_into().ok()?);
        let specified = |address: Ipv4Addr| Some(address).filter(|a| !a.is_unspecified());
        let mut options = Options::default();
        options.take(wire.opts());
        let overload = options.overload;
        for (bit, field) in
            [(FILE_HOLDS_OPTIONS, FILE_NAME), (SERVER_NAME_HOLDS_OPTIONS, SERVER_NAME)]
        {
            if overload & bit != 0 {
                options.take(DhcpOptionIterator::new(payload.get(..FIXED)?.get(field)?));
            }
        }
        let (kind, sender) = options.kind?;
        let valid = wire.opcode() == sender && !chaddr.is_zero() && !chaddr.is_multicast();
        valid.then_some(Self {
            at,
            kind,
            source_mac: frame.source,
            destination_mac: frame.destination,
            vlan: frame.vlan,
            source: datagram.source,
            destination: datagram.destination,
            checksum: datagram.checksum,
            xid: wire.xid(),
            secs: wire.secs(),
            broadcast_flag: u16::from(wire.flags()) & BROADCAST != 0,
            chaddr,
            client_id: options.client_id,
            ciaddr: specified(wire.ciaddr()),
            yiaddr: specified(wire.yiaddr()),
            requested: options.requested,
            server: options.server,
            lease_s: options.lease_s,
            prefix: options.prefix,
            mtu: options.mtu,
            routers: options.routers,
            domain: options.domain,
            portal: options.portal.filter(|portal| portal != NO_PORTAL),
            says: options.says,
        })
    }

    /// The MAC in the client identifier, where it contains one.
    pub fn client_mac(&self) -> Option<Mac> {
        self.client_id.as_deref().and_then(client_mac)
    }
}

/// The options that a message keeps.
#[derive(Default)]
struct Options {
    kind: Option<(MessageKind, Opcode)>,
    overload: u8,
    client_id: Option<Vec<u8>>,
    requested: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
    lease_s: Option<u32>,
    prefix: Option<u8>,
    mtu: Option<u16>,
    routers: Vec<Ipv4Addr>,
    domain: Option<String>,
    portal: Option<String>,
    says: Option<String>,
}

impl Options {
    fn take(&mut self, options: DhcpOptionIterator<'_>) {
        for option in options {
            let data = option.data();
            match (option.code(), data.len()) {
                (OptionCode::MessageType, 1) => self.kind = kind(data[0]),
                (OptionCode::OptionOverload, 1) => self.overload = data[0],
                (OptionCode::RequestedIpAddress, 4) => self.requested = address(data),
                (OptionCode::ServerIdentifier, 4) => self.server = address(data),
                (OptionCode::SubnetMask, 4) => self.prefix = address(data).and_then(prefix_length),
                (OptionCode::AddressLeaseTime, 4) => self.lease_s = address(data).map(u32::from),
                (OptionCode::InterfaceMtu, 2) => {
                    self.mtu = Some(u16::from_be_bytes([data[0], data[1]]));
                }
                (OptionCode::ClientIdentifier, _) => self.client_id = Some(data.to_vec()),
                (OptionCode::Router, _) => {
                    self.routers =
                        data.chunks_exact(4).filter_map(address).take(MOST_ROUTERS).collect();
                }
                (OptionCode::DomainName, _) => self.domain = Some(text(data)),
                (OptionCode::CaptivePortal, _) => self.portal = Some(text(data)),
                (OptionCode::Message, _) => self.says = Some(text(data)),
                _ => {}
            }
        }
    }
}

fn kind(code: u8) -> Option<(MessageKind, Opcode)> {
    use Opcode::{BootReply, BootRequest};
    Some(match MessageType::from(code) {
        MessageType::Discover => (MessageKind::Discover, BootRequest),
        MessageType::Request => (MessageKind::Request, BootRequest),
        MessageType::Decline => (MessageKind::Decline, BootRequest),
        MessageType::Release => (MessageKind::Release, BootRequest),
        MessageType::Inform => (MessageKind::Inform, BootRequest),
        MessageType::Offer => (MessageKind::Offer, BootReply),
        MessageType::Ack => (MessageKind::Ack, BootReply),
        MessageType::Nak => (MessageKind::Nak, BootReply),
        _ => return None,
    })
}

fn text(data: &[u8]) -> String {
    bounded(String::from_utf8_lossy(data).trim_end_matches('\0'), LONGEST_TEXT).to_owned()
}

fn address(octets: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from)
}

/// `None`: the mask has gaps.
fn prefix_length(mask: Ipv4Addr) -> Option<u8> {
    let ones = mask.to_bits().leading_ones();
    (ones == mask.to_bits().count_ones()).then(|| u8::try_from(ones).ok()).flatten()
}

/// The MAC in a client identifier. Type 1 is a MAC. Type 255 is an IAID of four octets and a DUID
/// (RFC 4361); a DUID made from a link-layer address ends in that address.
fn client_mac(identifier: &[u8]) -> Option<Mac> {
    let mac = match identifier {
        [1, mac @ ..]
        // DUID-LLT: hardware type 1, four octets of time.
        | [255, _, _, _, _, 0, 1, 0, 1, _, _, _, _, mac @ ..]
        // DUID-LL: hardware type 1.
        | [255, _, _, _, _, 0, 3, 0, 1, mac @ ..] => Mac::new(mac.try_into().ok()?),
        _ => return None,
    };
    (!mac.is_zero() && !mac.is_multicast()).then_some(mac)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::Datagram;

    /// A reply to 52:54:00:00:00:01 with only these options.
    fn payload(options: &[u8]) -> Vec<u8> {
        let mut payload = vec![0; FIXED];
        payload[..8].copy_from_slice(&[2, 1, 6, 0, 0, 0, 0, 7]);
        payload[16..20].copy_from_slice(&[192, 168, 1, 64]);
        payload[28..34].copy_from_slice(&[0x52, 0x54, 0, 0, 0, 1]);
        payload[236..].copy_from_slice(&[99, 130, 83, 99]);
        payload.extend_from_slice(options);
        payload
    }

    const ACK: [u8; 3] = [53, 1, 5];

    fn parse(payload: &[u8]) -> Option<Message> {
        let content = Content::Dhcp(Datagram {
            source: Ipv4Addr::UNSPECIFIED,
            destination: Ipv4Addr::BROADCAST,
            checksum: Checksum::Unchecked,
            payload,
        });
        let (source, destination) = (Mac::new([2; 6]), Mac::new([0xff; 6]));
        Message::parse(UNIX_EPOCH, &Frame { source, destination, vlan: None, content })
    }

    #[test]
    fn reads_an_acknowledgement() {
        let options =
            [&ACK[..], &[54, 4, 192, 168, 1, 254, 1, 4, 255, 255, 252, 0, 51, 4, 0, 0, 14, 16]];
        let options = [&options.concat()[..], &[26, 2, 2, 64]];
        let read = parse(&payload(&options.concat())).unwrap();
        assert_eq!((read.kind, read.xid), (MessageKind::Ack, 7));
        assert_eq!(read.chaddr.to_string(), "52:54:00:00:00:01");
        assert_eq!(read.yiaddr, Some(Ipv4Addr::new(192, 168, 1, 64)));
        assert_eq!(read.server, Some(Ipv4Addr::new(192, 168, 1, 254)));
        assert_eq!((read.prefix, read.lease_s), (Some(22), Some(3600)));
        assert_eq!(read.mtu, Some(576));
    }

    #[test]
    fn reads_options_in_the_name_fields_if_the_message_says_so() {
        let with_overload = |overload: u8| {
            let mut payload = payload(&[&ACK[..], &[52, 1, overload, 255]].concat());
            payload[FILE_NAME][..7].copy_from_slice(&[51, 4, 0, 0, 0, 60, 255]);
            payload[SERVER_NAME][..7].copy_from_slice(&[54, 4, 10, 0, 0, 1, 255]);
            let read = parse(&payload).unwrap();
            (read.lease_s, read.server.is_some())
        };
        let rows =
            [(0, (None, false)), (1, (Some(60), false)), (2, (None, true)), (3, (Some(60), true))];
        for (overload, expected) in rows {
            assert_eq!(with_overload(overload), expected, "{overload}");
        }
    }

    #[test]
    fn skips_everything_but_messages_of_ethernet_clients() {
        let changed = |at: usize, value: u8| {
            let mut payload = payload(&ACK);
            payload[at] = value;
            payload
        };
        let rows = [
            ("unchanged", payload(&ACK), true),
            ("a request that acknowledges", changed(0, 1), false),
            ("another hardware type", changed(1, 6), false),
            ("a hardware address of 255 octets", changed(2, 255), false),
            ("a group address", changed(28, 0x53), false),
            ("no magic cookie: BOOTP", changed(236, 0), false),
            ("no message type", payload(&[]), false),
            ("a message type of two octets", payload(&[53, 2, 5, 5]), false),
            ("an option beyond the end", payload(&[53, 200, 5]), false),
            ("cut in the fixed part", payload(&ACK)[..239].to_vec(), false),
            ("nothing", Vec::new(), false),
        ];
        for (what, payload, expected) in rows {
            assert_eq!(parse(&payload).is_some(), expected, "{what}");
        }
    }

    #[test]
    fn finds_the_mac_in_a_client_identifier() {
        let mac = Some(Mac::new([0x52, 0x54, 0, 0, 0, 1]));
        let tail = [0x52, 0x54, 0, 0, 0, 1];
        let rows: [(&[u8], Option<Mac>); 7] = [
            (&[1], mac),
            (&[255, 0, 0, 0, 1, 0, 1, 0, 1, 9, 9, 9, 9], mac),
            (&[255, 0, 0, 0, 1, 0, 3, 0, 1], mac),
            // The form of systemd, made from the machine-id.
            (&[255, 0, 0, 0, 1, 0, 2, 0, 0, 0xab, 0x11], None),
            (&[255, 0, 0, 0, 1, 0, 3, 0, 6], None),
            (&[0], None),
            (&[1, 1], None),
        ];
        for (head, expected) in rows {
            assert_eq!(client_mac(&[head, &tail].concat()), expected, "{head:?}");
        }
    }

    #[test]
    fn a_mask_with_gaps_has_no_prefix() {
        let rows = [
            ("0.0.0.0", Some(0)),
            ("255.255.255.0", Some(24)),
            ("255.0.255.0", None),
            ("255.255.255.255", Some(32)),
        ];
        for (mask, expected) in rows {
            assert_eq!(prefix_length(mask.parse().unwrap()), expected, "{mask}");
        }
    }
}
