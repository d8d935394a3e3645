//! One echo to one address, over the socket of its family.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use surge_ping::{Client, Config, ICMP, IcmpPacket, PingIdentifier, PingSequence, SurgeError};
use vmkit_plugin::{Error, ErrorCode, Result, Unread};

use crate::outcome::Outcome;

/// The number of the one echo that each address gets.
const ONLY: PingSequence = PingSequence(1);

/// What an echo carries: as much as `ping` sends, because some devices drop an empty echo.
const PAYLOAD: [u8; 56] = [0; 56];

/// Addresses that share a socket. A socket's buffer on Linux holds the answers to 256 echoes, and
/// answers from this computer itself arrive before the first is read.
const ADDRESSES_OF_A_SOCKET: usize = 128;

/// The sockets, each opened for the first address that needs it.
#[derive(Default)]
pub(crate) struct Sockets {
    open: HashMap<(bool, usize), Client>,
    addresses: usize,
}

impl Sockets {
    /// A socket for one more address.
    ///
    /// # Errors
    /// `Denied`: the system allows ICMP sockets to other users only.
    pub(crate) fn next(&mut self, address: IpAddr) -> Result<Client> {
        let kind = if address.is_ipv4() { ICMP::V4 } else { ICMP::V6 };
        let group = self.addresses / ADDRESSES_OF_A_SOCKET;
        self.addresses += 1;
        match self.open.entry((address.is_ipv4(), group)) {
            Entry::Occupied(open) => Ok(open.get().clone()),
            Entry::Vacant(place) => Ok(place.insert(socket(kind)?).clone()),
        }
    }
}

fn socket(kind: ICMP) -> Result<Client> {
    let opened = Client::new(&Config::builder().kind(kind).build());
    let client = opened.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => denied(),
        _ => Error::io("open an ICMP socket", &error),
    })?;
    // Where the system refuses datagram sockets and allows raw ones, the library opens a raw one,
    // which receives every ICMP packet of the host. The manifest declares no such need.
    if client.get_socket().get_type() == Config::default().sock_type_hint {
        Ok(client)
    } else {
        Err(denied())
    }
}

fn denied() -> Error {
    let message = if cfg!(target_os = "linux") {
        "open an ICMP socket: the sysctl net.ipv4.ping_group_range does not include the worker's \
         group; `sysctl -w net.ipv4.ping_group_range='0 2147483647'` lets every user ping"
    } else {
        "open an ICMP socket: the system refuses it"
    };
    Error::new(ErrorCode::Denied, message)
}

/// Sends one echo and waits for its answer for `allowed`; `configured` is how long it would have
/// waited with enough time.
pub(crate) async fn echo(
    socket: Client,
    to: IpAddr,
    allowed: Duration,
    configured: Duration,
) -> Result<Outcome, Unread> {
    // Linux puts its own identifier into the echoes of such a socket; macOS sends this one.
    let identifier = PingIdentifier(std::process::id().to_le_bytes()[0].into());
    let mut pinger = socket.pinger(to, identifier).await;
    pinger.timeout(allowed);
    match pinger.ping(ONLY, &PAYLOAD).await {
        // macOS also delivers the errors of routers on the way.
        Ok((packet, round_trip)) if source(&packet) == to => Ok(Outcome::Reply(Some(round_trip))),
        Ok(_) => Ok(Outcome::Unreachable),
        Err(SurgeError::Timeout { .. }) => Outcome::of_silence(allowed, configured),
        Err(SurgeError::IOError(error)) => Outcome::of_error(to, &error),
        Err(error) => Err(Unread::Failed(format!("ping {to}: {error}"))),
    }
}

fn source(packet: &IcmpPacket) -> IpAddr {
    match packet {
        IcmpPacket::V4(packet) => Ipv4Addr::into(packet.get_source()),
        IcmpPacket::V6(packet) => Ipv6Addr::into(packet.get_source()),
    }
}
