//! The DISCOVER of the differential test, as a frame.

use std::net::Ipv4Addr;

use dhcproto::{
    Encodable as _, Encoder,
    v4::{DhcpOption, Flags, Message, MessageType, OptionCode},
};
use etherparse::PacketBuilder;
use vmkit_types::Mac;

/// A hardware address that no network knows: locally administered, the same in each test, so that
/// a pool is not drained by testing.
pub const FOREIGN_MAC: Mac = Mac::new([0x02, 0x76, 0x6d, 0x6b, 0x69, 0x74]);

/// The upper half of the transaction ids of all DISCOVERs that a test sends (`vm`), so that captures,
/// also those of an earlier run, tell them from what clients ask: one id of a client in 65,536 is
/// taken for one.
const TEST_TRANSACTIONS: u16 = 0x766d;

/// A transaction id for a test.
pub fn test_transaction(number: u16) -> u32 {
    u32::from(TEST_TRANSACTIONS) << 16 | u32::from(number)
}

/// Whether a test made the transaction.
pub fn is_test(xid: u32) -> bool {
    xid >> 16 == u32::from(TEST_TRANSACTIONS)
}

/// What to ask for. An offer that comes back is never taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discover {
    /// Source of the frame: the host's own.
    pub source: Mac,
    /// The client's hardware address.
    pub chaddr: Mac,
    /// Transaction id.
    pub xid: u32,
    /// Ask for the reply by broadcast.
    pub broadcast: bool,
    /// Option 61, as it is on the wire.
    pub client_id: Option<Vec<u8>>,
}

impl Discover {
    /// The frame, its checksums filled in. `None`: the client identifier is longer than an option.
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
        let wanted = [OptionCode::SubnetMask, OptionCode::Router, OptionCode::DomainName];
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(MessageType::Discover));
        options.insert(DhcpOption::ParameterRequestList(wanted.to_vec()));
        if let Some(identifier) = &self.client_id {
            options.insert(DhcpOption::ClientIdentifier(identifier.clone()));
        }
        let mut payload = Vec::with_capacity(300);
        message.encode(&mut Encoder::new(&mut payload)).ok()?;
        // Servers of old drop what is shorter than BOOTP's fixed size (RFC 1542, 2.1).
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
    fn a_discover_reads_back_as_it_was_meant() {
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
