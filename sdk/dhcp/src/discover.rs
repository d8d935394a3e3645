//! The DISCOVER of the offer test, as a frame.

use std::net::Ipv4Addr;

use dhcproto::{
    Encodable as _, Encoder,
    v4::{DhcpOption, Flags, Message, MessageType, OptionCode},
};
use etherparse::PacketBuilder;
use vmkit_types::Mac;

/// A hardware address that no network knows. It is locally administered, and the same in each test so
/// that tests do not drain a pool.
pub const FOREIGN_MAC: Mac = Mac::new([0x02, 0x76, 0x6d, 0x6b, 0x69, 0x74]);

/// The upper half of the transaction ids of all DISCOVERs of a test (`vm` and two more letters). It marks
/// them in captures, also in those of an earlier run. One transaction of a client in 65,536 looks the
/// same.
const TEST_TRANSACTIONS: u16 = 0x766d;

/// A transaction id for a test.
pub fn test_transaction(number: u16) -> u32 {
    u32::from(TEST_TRANSACTIONS) << 16 | u32::from(number)
}

/// Whether the transaction is one of a test.
pub fn is_test(xid: u32) -> bool {
    xid >> 16 == u32::from(TEST_TRANSACTIONS)
}

/// What a DISCOVER contains. Its sender never accepts an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discover {
    /// Source of the frame: the host's own.
    pub source: Mac,
    /// The client's hardware address.
    pub chaddr: Mac,
    /// Transaction id.
    pub xid: u32,
    /// Whether to ask for replies by broadcast.
    pub broadcast: bool,
    /// Option 61, as it is on the wire.
    pub client_id: Option<Vec<u8>>,
}

impl Discover {
    /// The frame, with checksums. `None`: the client identifier is longer than an option can be.
    pub fn frame(&self) -> Option<Vec<u8>> {
        let unspecified = Ipv4Addr::UNSPECIFIED;
        let mut message = Message::new_with_id(
            self.xid,
            unspecified,
            unspecified,
            unspecified,
            unspecified,
            self.chaddr.octets().as_slice(),
        );
        if self.broadcast {
            message.set_flags(Flags::default().set_broadcast());
        }
        // Some servers send only what a client asks for.
        let wanted = [
            OptionCode::SubnetMask,
            OptionCode::Router,
            OptionCode::DomainName,
            OptionCode::InterfaceMtu,
        ];
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(MessageType::Discover));
        options.insert(DhcpOption::ParameterRequestList(wanted.to_vec()));
        if let Some(identifier) = &self.client_id {
            options.insert(DhcpOption::ClientIdentifier(identifier.clone()));
        }
        let mut payload = Vec::with_capacity(300);
        message.encode(&mut Encoder::new(&mut payload)).ok()?;
        // Old servers drop messages shorter than BOOTP's fixed size (RFC 1542, 2.1).
        payload.resize(payload.len().max(300), 0);
        let builder = PacketBuilder::ethernet2(self.source.octets(), [0xff; 6])
            .ipv4(unspecified.octets(), Ipv4Addr::BROADCAST.octets(), 64)
            .udp(68, 67);
        let mut frame = Vec::with_capacity(builder.size(payload.len()));
        builder.write(&mut frame, &payload).ok()?;
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{Checksum, Frame, Message, MessageKind};

    #[test]
    fn a_discover_survives_its_frame() {
        let host = Mac::new([2, 0, 0, 0, 0, 1]);
        let id = vec![255, 0, 0, 0, 1, 0, 2];
        let ask = Discover {
            source: host,
            chaddr: FOREIGN_MAC,
            xid: 7,
            broadcast: true,
            client_id: Some(id.clone()),
        };
        let frame = ask.frame().unwrap();
        let now = SystemTime::UNIX_EPOCH;
        let read = Message::parse(now, &Frame::parse(now, &frame).unwrap()).unwrap();
        assert_eq!(read.kind, MessageKind::Discover);
        assert_eq!((read.source_mac, read.chaddr), (host, FOREIGN_MAC));
        assert!(read.destination_mac.is_broadcast() && read.broadcast_flag);
        assert_eq!((read.xid, read.client_id), (7, Some(id)));
        assert_eq!(read.checksum, Checksum::Right);
    }
}
