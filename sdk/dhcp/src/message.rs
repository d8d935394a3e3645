//! One DHCP message as it passed one point of the network.

use std::{net::Ipv4Addr, time::SystemTime};

use vmkit_types::Mac;

/// Kind of a message: option 53, RFC 2132.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client asks for an address it was offered or had before.
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

/// Whether the checksums of a frame are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// All of them are.
    Right,
    /// The UDP or IP checksum is wrong.
    Wrong,
    /// There is none to check: UDP without one, a fragment, or a frame that was cut.
    Unchecked,
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
    /// Source of the IP packet.
    pub source: Ipv4Addr,
    /// Destination of the IP packet.
    pub destination: Ipv4Addr,
    /// Whether the frame's checksums are right.
    pub checksum: Checksum,
    /// Transaction id.
    pub xid: u32,
    /// Seconds that the client says it has been trying.
    pub secs: u16,
    /// The client asks for replies by broadcast.
    pub broadcast_flag: bool,
    /// The client's hardware address.
    pub chaddr: Mac,
    /// Option 61, as it is.
    pub client_id: Option<Vec<u8>>,
    /// The address that the client has already.
    pub ciaddr: Option<Ipv4Addr>,
    /// The address that the server gives.
    pub yiaddr: Option<Ipv4Addr>,
    /// Option 50: the address that the client asks for.
    pub requested: Option<Ipv4Addr>,
    /// Option 54: the server that answers, or that the client has chosen.
    pub server: Option<Ipv4Addr>,
    /// Option 51, in seconds; `u32::MAX` is for ever.
    pub lease_s: Option<u32>,
    /// Option 1, as a prefix length.
    pub prefix: Option<u8>,
    /// Option 3: the routers that the lease names.
    pub routers: Vec<Ipv4Addr>,
    /// Option 15: the domain that the lease names, bounded and not escaped.
    pub domain: Option<String>,
    /// Option 56: why a server refuses, bounded and not escaped.
    pub says: Option<String>,
}
