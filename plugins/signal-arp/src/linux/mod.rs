//! Linux: one dump of the neighbour table over routing netlink, then requests for single entries.

mod again;
mod message;
mod socket;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use rustix::io::Errno;
use vmkit_plugin::{Error, ErrorCode, Result};

use crate::{
    parse,
    table::{Entry, Interest},
};

use message::{Neighbour, Part};
use socket::{ReadError, RouteSocket};

/// Attempts at one consistent dump. The kernel says if the table changed meanwhile, and a second dump is
/// nearly always complete. A third would cost more than it gains.
const ATTEMPTS: usize = 2;

/// Entries that are allocated at once, so that few tables are moved as they grow: a megabyte, of which the
/// kernel provides only what is written to.
const USUALLY_ENOUGH: usize = 16 << 10;

/// The whole table at one moment. 100,000 entries take some megabytes.
pub(crate) struct Table {
    socket: RouteSocket,
    neighbours: Vec<Neighbour>,
    /// Names of the interfaces that were needed so far; `None`: the name could not be read.
    names: HashMap<u32, Option<String>>,
}

/// Reads the table.
pub(crate) fn read(budget: Duration) -> Result<Table> {
    let mut socket = RouteSocket::open()?;
    let neighbours = dump(&mut socket, Instant::now() + budget)?;
    Ok(Table { socket, neighbours, names: HashMap::new() })
}

impl Table {
    /// The entries that are relevant to this batch, with the names of their interfaces.
    pub(crate) fn entries(&mut self, interest: &Interest, budget: Duration) -> Vec<Entry> {
        let matters = |neighbour: &&Neighbour| interest.covers(neighbour.address, neighbour.mac);
        let neighbours: Vec<_> = self.neighbours.iter().filter(matters).copied().collect();
        self.named(neighbours, Instant::now() + budget)
    }

    /// The current entries of this batch's candidates, by one request each. A kernel that is too old for
    /// such requests gives a second dump.
    pub(crate) fn again(&mut self, interest: &Interest, budget: Duration) -> Result<Vec<Entry>> {
        let deadline = Instant::now() + budget;
        let candidates = interest.candidates();
        let found = match again::look(&mut self.socket, &self.neighbours, candidates, deadline) {
            Err(error) if error.is_refusal(Errno::OPNOTSUPP) => {
                let mut neighbours = dump(&mut self.socket, deadline)?;
                neighbours.retain(|neighbour| candidates.contains(&neighbour.address));
                neighbours
            }
            found => found?,
        };
        Ok(self.named(found, deadline))
    }

    /// The texts of the whole table, with their names in a snapshot.
    pub(crate) fn texts(&mut self, budget: Duration) -> Vec<(&'static str, Vec<u8>)> {
        let entries = self.named(self.neighbours.clone(), Instant::now() + budget);
        vec![(parse::IP_NEIGH_JSON, parse::to_json(&entries).into_bytes())]
    }

    fn named(&mut self, neighbours: Vec<Neighbour>, deadline: Instant) -> Vec<Entry> {
        let Self { socket, names, .. } = self;
        let of_neighbour = |neighbour: Neighbour| {
            // The entry is still useful if its interface vanished after the dump.
            let name = || interface_name(socket, neighbour.interface, deadline).ok();
            let interface = names.entry(neighbour.interface).or_insert_with(name).clone();
            neighbour.into_entry(interface)
        };
        neighbours.into_iter().map(of_neighbour).collect()
    }
}

/// One dump, and a second one if the table changed meanwhile or the kernel dropped a part. Each entry of the
/// last dump is right, but some may be missing.
fn dump(socket: &mut RouteSocket, deadline: Instant) -> Result<Vec<Neighbour>> {
    for attempt in 1..=ATTEMPTS {
        let mut neighbours = Vec::with_capacity(USUALLY_ENOUGH);
        let asked = socket.ask(&message::neighbour_dump_request, deadline, |part| {
            if let Part::Neighbour(payload) = part {
                neighbours.extend(message::neighbour(payload));
            }
        });
        match asked {
            Ok(answer) if answer.interrupted && attempt < ATTEMPTS => {}
            Ok(_) => return Ok(neighbours),
            Err(ReadError::Overrun) if attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::new(ErrorCode::Io, "read the neighbour table: no attempt was made"))
}

fn interface_name(socket: &mut RouteSocket, index: u32, deadline: Instant) -> Result<String> {
    let mut name = None;
    let request = |sequence| message::link_request(index, sequence);
    socket.ask(&request, deadline, |part| {
        if let Part::Link(payload) = part {
            name = message::link_name(payload);
        }
    })?;
    name.ok_or_else(|| Error::new(ErrorCode::NotFound, format!("interface {index} has no name")))
}
