//! Ports that QEMU's user network forwards.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use vmkit_types::{Forward, Protocol};

/// The forwarded port of a rule such as `tcp:127.0.0.1:2222-:22`, as `hostfwd` of QEMU's user network
/// has it: `PROTOCOL:HOST:PORT-GUEST:PORT`. Without a protocol it is TCP, and without the host's address
/// QEMU listens at all of this computer's.
///
/// ```
/// let forward = vmkit_qemu::forward("tcp::2222-:22").unwrap();
/// assert_eq!(forward.to_string(), "tcp 0.0.0.0:2222 -:22");
/// ```
pub fn forward(rule: &str) -> Option<Forward> {
    let (protocol, rest) = rule.split_once(':')?;
    let protocol = match protocol {
        "" | "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    let (host, guest) = rest.split_once('-')?;
    let (address, port) = end(host)?;
    let listens = SocketAddr::new(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), port);
    let (guest_address, guest_port) = end(guest)?;
    Some(Forward { protocol, listens, guest_address, guest_port })
}

/// `ADDRESS:PORT`, where the address may be empty.
fn end(text: &str) -> Option<(Option<IpAddr>, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    let address = address.trim_matches(['[', ']']);
    let address = if address.is_empty() { None } else { Some(address.parse().ok()?) };
    Some((address, port.parse().ok().filter(|port| *port != 0)?))
}
