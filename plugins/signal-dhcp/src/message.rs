//! One message of DHCP for IPv4, as far as it tells who holds which address.

use std::net::Ipv4Addr;

use dhcproto::v4::{
    HType, MessageType, Opcode, OptionCode,
    borrowed::{DhcpOptionIterator, Message as Wire},
};
use vmkit_plugin::Mac;

/// The fixed part of a message, RFC 2131: up to the magic cookie, and the two fields that may hold
/// options as well.
const FIXED: usize = 240;
const SERVER_NAME: std::ops::Range<usize> = 44..108;
const FILE_NAME: std::ops::Range<usize> = 108..236;
/// Bits of the option "overload": which of the two fields holds options.
const FILE_HOLDS_OPTIONS: u8 = 1;
const SERVER_NAME_HOLDS_OPTIONS: u8 = 2;

/// A message of a client or a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: MessageType,
    pub(crate) xid: u32,
    /// The client's hardware address.
    pub(crate) chaddr: Mac,
    /// The address that the client has already, or zeros.
    pub(crate) ciaddr: Ipv4Addr,
    /// The address that the server gives, or zeros.
    pub(crate) yiaddr: Ipv4Addr,
    /// The address that the client asks for.
    pub(crate) requested: Option<Ipv4Addr>,
    pub(crate) server: Option<Ipv4Addr>,
    /// In seconds; `u32::MAX` is for ever.
    pub(crate) lease: Option<u32>,
    /// Length of the subnet's prefix.
    pub(crate) prefix: Option<u8>,
    /// The MAC that the client identifier contains, if it contains one.
    pub(crate) client_mac: Option<Mac>,
}

impl Message {
    /// Reads the payload of a datagram. `None` where it is not DHCP of an Ethernet client, or a
    /// message that its sender cannot send.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let wire = Wire::new(payload).ok()?;
        // A length beyond the field would be read past the field, so it is looked at first.
        if wire.htype() != HType::Eth || wire.hlen() != 6 {
            return None;
        }
        let chaddr = Mac::new(wire.chaddr().try_into().ok()?);
        let mut message = Self {
            kind: MessageType::Unknown(0),
            xid: wire.xid(),
            chaddr,
            ciaddr: wire.ciaddr(),
            yiaddr: wire.yiaddr(),
            requested: None,
            server: None,
            lease: None,
            prefix: None,
            client_mac: None,
        };
        let mut overload = 0;
        message.take(wire.opts(), &mut overload);
        for (bit, field) in
            [(FILE_HOLDS_OPTIONS, FILE_NAME), (SERVER_NAME_HOLDS_OPTIONS, SERVER_NAME)]
        {
            let options = payload.get(..FIXED)?.get(field)?;
            if overload & bit != 0 {
                message.take(DhcpOptionIterator::new(options), &mut 0);
            }
        }
        let of_sender = match message.kind {
            MessageType::Discover
            | MessageType::Request
            | MessageType::Decline
            | MessageType::Release
            | MessageType::Inform => Opcode::BootRequest,
            MessageType::Offer | MessageType::Ack | MessageType::Nak => Opcode::BootReply,
            _ => return None,
        };
        (wire.opcode() == of_sender && !chaddr.is_zero() && !chaddr.is_multicast())
            .then_some(message)
    }

    fn take(&mut self, options: DhcpOptionIterator<'_>, overload: &mut u8) {
        for option in options {
            let data = option.data();
            match (option.code(), data.len()) {
                (OptionCode::MessageType, 1) => self.kind = MessageType::from(data[0]),
                (OptionCode::OptionOverload, 1) => *overload = data[0],
                (OptionCode::RequestedIpAddress, 4) => self.requested = address(data),
                (OptionCode::ServerIdentifier, 4) => self.server = address(data),
                (OptionCode::SubnetMask, 4) => self.prefix = address(data).and_then(prefix_length),
                (OptionCode::AddressLeaseTime, 4) => self.lease = address(data).map(u32::from),
                (OptionCode::ClientIdentifier, _) => self.client_mac = client_mac(data),
                _ => {}
            }
        }
    }
}

fn address(octets: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from)
}

/// `None` where the ones of the mask are not all at its start.
fn prefix_length(mask: Ipv4Addr) -> Option<u8> {
    let ones = mask.to_bits().leading_ones();
    (ones == mask.to_bits().count_ones()).then(|| u8::try_from(ones).ok()).flatten()
}

/// The MAC in a client identifier: type 1 is one; type 255 is an IAID of four octets and a DUID
/// (RFC 4361), of which the forms made from a link-layer address end in it.
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
    use super::*;

    /// A reply to 52:54:00:00:00:01 with these options and nothing else in it.
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

    #[test]
    fn an_acknowledgement_is_read() {
        let options =
            [&ACK[..], &[54, 4, 192, 168, 1, 254, 1, 4, 255, 255, 252, 0, 51, 4, 0, 0, 14, 16]];
        let read = Message::parse(&payload(&options.concat())).unwrap();
        assert_eq!((read.kind, read.xid), (MessageType::Ack, 7));
        assert_eq!(read.chaddr.to_string(), "52:54:00:00:00:01");
        assert_eq!(read.yiaddr, Ipv4Addr::new(192, 168, 1, 64));
        assert_eq!(read.server, Some(Ipv4Addr::new(192, 168, 1, 254)));
        assert_eq!((read.prefix, read.lease), (Some(22), Some(3600)));
    }

    #[test]
    fn options_in_the_fields_for_names_are_read_where_the_message_says_so() {
        let with_overload = |overload: u8| {
            let mut payload = payload(&[&ACK[..], &[52, 1, overload, 255]].concat());
            payload[FILE_NAME][..7].copy_from_slice(&[51, 4, 0, 0, 0, 60, 255]);
            payload[SERVER_NAME][..7].copy_from_slice(&[54, 4, 10, 0, 0, 1, 255]);
            let read = Message::parse(&payload).unwrap();
            (read.lease, read.server.is_some())
        };
        let rows =
            [(0, (None, false)), (1, (Some(60), false)), (2, (None, true)), (3, (Some(60), true))];
        for (overload, expected) in rows {
            assert_eq!(with_overload(overload), expected, "{overload}");
        }
    }

    #[test]
    fn what_is_no_message_of_an_ethernet_client_is_left() {
        let changed = |at: usize, value: u8| {
            let mut payload = payload(&ACK);
            payload[at] = value;
            payload
        };
        let rows = [
            ("as it was", payload(&ACK), true),
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
            assert_eq!(Message::parse(&payload).is_some(), expected, "{what}");
        }
    }

    #[test]
    fn a_client_identifier_may_contain_the_mac() {
        let mac = Some(Mac::new([0x52, 0x54, 0, 0, 0, 1]));
        let tail = [0x52, 0x54, 0, 0, 0, 1];
        let rows: [(&[u8], Option<Mac>); 7] = [
            (&[1], mac),
            (&[255, 0, 0, 0, 1, 0, 1, 0, 1, 9, 9, 9, 9], mac),
            (&[255, 0, 0, 0, 1, 0, 3, 0, 1], mac),
            // systemd's, made from the machine-id.
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
    fn a_mask_with_holes_has_no_prefix() {
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
