//! What is seen of a machine while it is waited for.

use std::net::IpAddr;

/// Something that a machine's guest, or a server for it, did. The guest can forge each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It asks for an address.
    Asked,
    /// A server refuses the address that it asks for.
    Refused,
    /// It has this address, by DHCP or by ARP.
    Has(IpAddr),
    /// The address answers, whether or not with SSH.
    Answers(IpAddr),
    /// An SSH server answers at the address.
    Ssh(IpAddr),
}
