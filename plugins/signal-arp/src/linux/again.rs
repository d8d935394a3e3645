//! Reads the current entries of single addresses.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::IpAddr,
    time::Instant,
};

use rustix::io::Errno;
use vmkit_netlink::{Part, ReadError, RouteSocket};

use super::message::{self, Neighbour, RTM_NEWNEIGH, RTM_NEWROUTE};
use crate::table::State;

/// An address, and the number of an interface.
type AddressAt = (IpAddr, u32);

/// What the table has for an address on an interface.
enum Now {
    /// No entry.
    Absent,
    /// An entry that says nothing yet: the kernel is asking.
    Open,
    /// A resolved or failed entry.
    Resolved(Neighbour),
}

/// The entries of these addresses on the interfaces that the kernel uses for them, and on those where it
/// knew them `before`. A failed entry still holds while the kernel asks again.
pub(super) fn look(
    socket: &mut RouteSocket,
    before: &[Neighbour],
    addresses: &HashSet<IpAddr>,
    deadline: Instant,
) -> Result<Vec<Neighbour>, ReadError> {
    let known = before.iter().filter(|neighbour| addresses.contains(&neighbour.address));
    let known: HashMap<AddressAt, Neighbour> =
        known.map(|neighbour| ((neighbour.address, neighbour.interface), *neighbour)).collect();
    let mut addresses_at: Vec<AddressAt> = known.keys().copied().collect();
    addresses_at.extend(routes(socket, addresses, deadline)?);
    addresses_at.sort_unstable();
    addresses_at.dedup();
    let found = entries(socket, &addresses_at, deadline)?;
    let found = addresses_at.iter().zip(found).filter_map(|(at, now)| match now {
        Now::Resolved(neighbour) => Some(neighbour),
        Now::Open => known.get(at).filter(|known| known.state == State::Failed).copied(),
        Now::Absent => None,
    });
    Ok(found.collect())
}

/// The interfaces that packets to these addresses leave by.
fn routes(
    socket: &mut RouteSocket,
    addresses: &HashSet<IpAddr>,
    deadline: Instant,
) -> Result<Vec<AddressAt>, ReadError> {
    // A link-local address does not determine its link.
    let routed =
        |address: &IpAddr| !matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let addresses: Vec<IpAddr> = addresses.iter().copied().filter(routed).collect();
    let mut addresses_at = Vec::with_capacity(addresses.len());
    let request = |index: usize| message::route_request(addresses[index]);
    socket.ask_each(addresses.len(), request, deadline, |index, answer| {
        // Without a route, no interface leads to the address.
        if let Ok(Part { kind: RTM_NEWROUTE, payload }) = answer {
            let interface = message::route_interface(payload);
            addresses_at.extend(interface.map(|interface| (addresses[index], interface)));
        }
    })?;
    Ok(addresses_at)
}

/// The table's entry for each address on its interface.
fn entries(
    socket: &mut RouteSocket,
    addresses_at: &[AddressAt],
    deadline: Instant,
) -> Result<Vec<Now>, ReadError> {
    let mut found: Vec<Now> = addresses_at.iter().map(|_| Now::Absent).collect();
    let mut refusal = None;
    let request = |index: usize| {
        let (address, interface) = addresses_at[index];
        message::neighbour_request(address, interface)
    };
    socket.ask_each(addresses_at.len(), request, deadline, |index, answer| match answer {
        Ok(Part { kind: RTM_NEWNEIGH, payload }) => {
            found[index] = message::neighbour(payload).map_or(Now::Open, Now::Resolved);
        }
        Err(error) if !is_absence(&error) => refusal = Some(error),
        _ => {}
    })?;
    refusal.map_or(Ok(found), |error| Err(ReadError::Refused(error)))
}

/// Whether the kernel refused because the entry or the interface does not exist.
fn is_absence(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::NOENT, Errno::NODEV].iter().any(|absent| code == Some(absent.raw_os_error()))
}
