//! Messages to and from bytes.

use std::io;

use netlink_packet_core::{
    NetlinkBuffer, NetlinkDeserializable as _, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;

/// One message of an answer, not yet parsed: a table may have 100,000 of them.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Its type, such as `RTM_NEWNEIGH`.
    pub kind: u16,
    /// What follows `struct nlmsghdr`.
    pub payload: &'a [u8],
}

impl Part<'_> {
    /// The whole message.
    ///
    /// # Errors
    /// It is cut off, or its type is unknown.
    pub fn parsed(&self) -> io::Result<RouteNetlinkMessage> {
        let mut header = NetlinkHeader::default();
        header.message_type = self.kind;
        RouteNetlinkMessage::deserialize(&header, self.payload).map_err(io::Error::other)
    }
}

/// The bytes of a request.
pub(crate) fn serialized(message: RouteNetlinkMessage, flags: u16, sequence: u32) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    header.sequence_number = sequence;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// The messages in what one read of the socket gave.
pub(crate) fn packets(buffer: &[u8]) -> impl Iterator<Item = NetlinkBuffer<&[u8]>> {
    let mut rest = buffer;
    std::iter::from_fn(move || {
        let packet = NetlinkBuffer::new_checked(rest).ok()?;
        // Messages are aligned to four bytes.
        let length = (packet.length() as usize).next_multiple_of(4);
        rest = rest.get(length..).unwrap_or_default();
        Some(packet)
    })
}
