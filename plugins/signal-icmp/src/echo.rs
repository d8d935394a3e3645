//! An echo to one address, over the socket of its family, and larger ones to an address that answers.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

use surge_ping::{
    Client, Config, ICMP, IcmpPacket, PingIdentifier, PingSequence, Pinger, SurgeError,
};
use vmkit_plugin::{Error, ErrorCode, Result, Unread};
use vmkit_probing::Failure;

use crate::outcome::{Outcome, Reply};

/// The number of the first echo to an address.
const FIRST: u16 = 1;
/// Large echoes before they count as lost: a link that loses every other frame loses three in a row in one
/// case of eight.
const LARGE_TRIES: u16 = 3;
/// Shorter waits would take a busy guest for a path that drops large packets.
const SHORTEST_WAIT: Duration = Duration::from_millis(40);
/// The data of an echo that fills a packet of 1,500 bytes, without the headers of IPv4 or IPv6 and ICMP.
/// Linux forbids that such a packet is fragmented; a link that carries less refuses to send it.
const LARGE_V4: [u8; 1472] = [0; 1472];
const LARGE_V6: [u8; 1452] = [0; 1452];

/// What an echo carries: as much as `ping` sends, because some devices drop an empty echo.
const PAYLOAD: [u8; 56] = [0; 56];

/// Addresses that share a socket. A socket's buffer on Linux holds the answers to 90 large echoes, and
/// answers from this computer itself arrive before the first is read.
const ADDRESSES_OF_A_SOCKET: usize = 64;

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

/// Sends an echo and waits for its answer for `allowed`; `configured` is how long it would have waited with
/// enough time. In what is left of it, large echoes are sent to an address that answers.
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
    let began = Instant::now();
    match pinger.ping(PingSequence(FIRST), &PAYLOAD).await {
        // macOS also delivers the errors of routers on the way.
        Ok((packet, round_trip)) if source(&packet) == to => {
            let left = allowed.saturating_sub(began.elapsed());
            let large = passes_large(&mut pinger, to, left).await;
            Ok(Outcome::Reply(Reply { round_trip: Some(round_trip), large }))
        }
        Ok(_) => Ok(Outcome::Unreachable(Failure::default())),
        Err(SurgeError::Timeout { .. }) => Outcome::of_silence(allowed, configured),
        Err(SurgeError::IOError(error)) => Outcome::of_error(to, &error, began.elapsed()),
        Err(error) => Err(Unread::Failed(format!("ping {to}: {error}"))),
    }
}

/// Whether large echoes are answered, within this time; `None`: it is too short, the link carries no such
/// packet, or small ones are lost as well.
async fn passes_large(pinger: &mut Pinger, to: IpAddr, left: Duration) -> Option<bool> {
    let wait = left / u32::from(LARGE_TRIES + 1);
    if wait < SHORTEST_WAIT {
        return None;
    }
    pinger.timeout(wait);
    let large = if to.is_ipv4() { &LARGE_V4[..] } else { &LARGE_V6[..] };
    for sequence in FIRST + 1..=FIRST + LARGE_TRIES {
        match pinger.ping(PingSequence(sequence), large).await {
            Ok((packet, _)) => return (source(&packet) == to).then_some(true),
            Err(SurgeError::Timeout { .. }) => {}
            Err(_) => return None,
        }
    }
    let again = pinger.ping(PingSequence(FIRST + LARGE_TRIES + 1), &PAYLOAD).await;
    again.is_ok_and(|(packet, _)| source(&packet) == to).then_some(false)
}

fn source(packet: &IcmpPacket) -> IpAddr {
    match packet {
        IcmpPacket::V4(packet) => Ipv4Addr::into(packet.get_source()),
        IcmpPacket::V6(packet) => Ipv6Addr::into(packet.get_source()),
    }
}
