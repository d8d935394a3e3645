//! A packet of a rule set, and the names of the network that it passes.

use std::net::Ipv4Addr;

use vmkit_survey::{Packet, Way};
use vmkit_types::Mac;

pub(crate) const OWN: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
pub(crate) const BRIDGE: &str = "br0";
pub(crate) const PORT: &str = "tap0";
pub(crate) const UPLINK: &str = "en0";
/// The machine's address.
pub(crate) const VM: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
/// The router's.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 1);
/// An address beyond the host.
pub(crate) const ROUTED: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
/// The host's interface that leads there.
pub(crate) const OUTSIDE: &str = "en1";
/// Where a packet is sent or arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// The machine.
    Machine,
    /// The router.
    Router,
    /// A program of the host.
    Host,
    /// Another network of the host.
    Outside,
}

/// One packet.
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) packet: Packet,
    pub(crate) way: Way,
    pub(crate) from: End,
    pub(crate) to: End,
    /// The frame, or the content of a datagram of the host.
    pub(crate) octets: Vec<u8>,
    /// What tells it from other packets.
    pub(crate) mark: u32,
}
