//! The second look: what the table has by now for single addresses.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::IpAddr,
    time::Instant,
};

use rustix::io::Errno;

use super::{
    message::{self, Neighbour, Part},
    socket::{ReadError, RouteSocket},
};
use crate::table::State;

/// An address on the interface of this number.
type Place = (IpAddr, u32);

/// What the table has for an address on an interface.
enum Now {
    /// No entry.
    Absent,
    /// An entry that tells nothing yet: the kernel is asking.
    Open,
    /// An entry that tells something.
    Told(Neighbour),
}

/// The entries of these addresses where the kernel sends to them, and where it has known them
/// `before`. While it asks once more for one that nobody answered for, that still stands.
pub(super) fn look(
    socket: &mut RouteSocket,
    before: &[Neighbour],
    addresses: &HashSet<IpAddr>,
    deadline: Instant,
) -> Result<Vec<Neighbour>, ReadError> {
    let known = before.iter().filter(|neighbour| addresses.contains(&neighbour.address));
    let known: HashMap<Place, Neighbour> =
        known.map(|neighbour| ((neighbour.address, neighbour.interface), *neighbour)).collect();
    let mut places: Vec<Place> = known.keys().copied().collect();
    places.extend(routes(socket, addresses, deadline)?);
    places.sort_unstable();
    places.dedup();
    let found = entries(socket, &places, deadline)?;
    let found = places.iter().zip(found).filter_map(|(place, now)| match now {
        Now::Told(neighbour) => Some(neighbour),
        Now::Open => known.get(place).filter(|known| known.state == State::Failed).copied(),
        Now::Absent => None,
    });
    Ok(found.collect())
}

/// Where packets to these addresses go.
fn routes(
    socket: &mut RouteSocket,
    addresses: &HashSet<IpAddr>,
    deadline: Instant,
) -> Result<Vec<Place>, ReadError> {
    // A link-local address says nothing of its link.
    let routed =
        |address: &IpAddr| !matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let addresses: Vec<IpAddr> = addresses.iter().copied().filter(routed).collect();
    let mut places = Vec::with_capacity(addresses.len());
    let request = |index: usize, sequence| message::route_request(addresses[index], sequence);
    socket.ask_each(addresses.len(), request, deadline, |index, part| {
        // No route, or one that refuses: then nobody is asked there.
        if let Part::Route(payload) = part {
            let interface = message::route_interface(payload);
            places.extend(interface.map(|interface| (addresses[index], interface)));
        }
    })?;
    Ok(places)
}

/// What the table has at each of these places.
fn entries(
    socket: &mut RouteSocket,
    places: &[Place],
    deadline: Instant,
) -> Result<Vec<Now>, ReadError> {
    let mut found: Vec<Now> = places.iter().map(|_| Now::Absent).collect();
    let mut refusal = None;
    let request = |index: usize, sequence| {
        let (address, interface) = places[index];
        message::neighbour_request(address, interface, sequence)
    };
    socket.ask_each(places.len(), request, deadline, |index, part| match part {
        Part::Neighbour(payload) => {
            found[index] = message::neighbour(payload).map_or(Now::Open, Now::Told);
        }
        Part::Refused(error) if !is_absence(&error) => refusal = Some(error),
        _ => {}
    })?;
    refusal.map_or(Ok(found), |error| Err(ReadError::Refused(error)))
}

/// Whether the kernel says no because there is no such entry, or no such interface any more.
fn is_absence(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::NOENT, Errno::NODEV].iter().any(|absent| code == Some(absent.raw_os_error()))
}
