//! The second look: what the table has by now for single addresses.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::Instant,
};

use rustix::io::Errno;

use super::{
    message::{self, Neighbour, Part},
    socket::{ReadError, RouteSocket},
};
use crate::table::State;

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
    let mut known: HashMap<IpAddr, Vec<Neighbour>> = HashMap::new();
    for neighbour in before.iter().filter(|neighbour| addresses.contains(&neighbour.address)) {
        known.entry(neighbour.address).or_default().push(*neighbour);
    }
    let mut addresses: Vec<IpAddr> = addresses.iter().copied().collect();
    addresses.sort_unstable();
    let mut found = Vec::new();
    for address in addresses {
        let known = known.get(&address).map_or(&[][..], Vec::as_slice);
        let mut interfaces: Vec<u32> = known.iter().map(|neighbour| neighbour.interface).collect();
        interfaces.extend(interface_to(socket, address, deadline)?);
        interfaces.sort_unstable();
        interfaces.dedup();
        for interface in interfaces {
            let failed = |neighbour: &&Neighbour| {
                neighbour.interface == interface && neighbour.state == State::Failed
            };
            match ask(socket, address, interface, deadline)? {
                Now::Told(neighbour) => found.push(neighbour),
                Now::Open => found.extend(known.iter().find(failed)),
                Now::Absent => {}
            }
        }
    }
    Ok(found)
}

/// Where packets to this address go. A link-local one says nothing of its link.
fn interface_to(
    socket: &mut RouteSocket,
    address: IpAddr,
    deadline: Instant,
) -> Result<Option<u32>, ReadError> {
    if matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
        return Ok(None);
    }
    let mut interface = None;
    let request = |sequence| message::route_request(address, sequence);
    let asked = socket.ask(&request, deadline, |part| {
        if let Part::Route(payload) = part {
            interface = message::route_interface(payload);
        }
    });
    match asked {
        // No route, or one that refuses: then nobody is asked there.
        Ok(_) | Err(ReadError::Refused(_)) => Ok(interface),
        Err(error) => Err(error),
    }
}

fn ask(
    socket: &mut RouteSocket,
    address: IpAddr,
    interface: u32,
    deadline: Instant,
) -> Result<Now, ReadError> {
    let mut now = Now::Absent;
    let request = |sequence| message::neighbour_request(address, interface, sequence);
    let asked = socket.ask(&request, deadline, |part| {
        if let Part::Neighbour(payload) = part {
            now = message::neighbour(payload).map_or(Now::Open, Now::Told);
        }
    });
    match asked {
        Ok(_) => Ok(now),
        Err(error) if error.is_refusal(Errno::NOENT) || error.is_refusal(Errno::NODEV) => {
            Ok(Now::Absent)
        }
        Err(error) => Err(error),
    }
}
