//! Linux: one dump of the neighbour table over routing netlink, and questions about single entries
//! after that.

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

/// Attempts at one consistent dump: the kernel says when the table changed under it, and a
/// second look is nearly always whole. A third would cost more than it tells.
const ATTEMPTS: usize = 2;

/// Room for so many entries is made at once, so that few tables have to be moved as they grow: a
/// megabyte, of which the kernel gives what is written to.
const USUALLY_ENOUGH: usize = 16 << 10;

/// The whole table at one moment. An entry is a few words, so that one of 100,000 costs some
/// megabytes and no time to keep.
pub(crate) struct Table {
    socket: RouteSocket,
    neighbours: Vec<Neighbour>,
    /// Names of interfaces, as far as they were wanted; `None`: it could not be read.
    names: HashMap<u32, Option<String>>,
}

/// Reads the table.
pub(crate) fn read(budget: Duration) -> Result<Table> {
    let mut socket = RouteSocket::open()?;
    let neighbours = dump(&mut socket, Instant::now() + budget)?;
    Ok(Table { socket, neighbours, names: HashMap::new() })
}

impl Table {
    /// The entries that matter to this batch, with the names of their interfaces.
    pub(crate) fn entries(&mut self, interest: &Interest, budget: Duration) -> Vec<Entry> {
        let matters = |neighbour: &&Neighbour| interest.covers(neighbour.address, neighbour.mac);
        let neighbours: Vec<_> = self.neighbours.iter().filter(matters).copied().collect();
        self.named(neighbours, Instant::now() + budget)
    }

    /// What the kernel has by now for the candidates of this batch: one question each, and no
    /// second dump unless the kernel is too old for questions.
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

    /// The texts of the whole table, by the names that they have in a snapshot.
    pub(crate) fn texts(&mut self, budget: Duration) -> Vec<(&'static str, Vec<u8>)> {
        let entries = self.named(self.neighbours.clone(), Instant::now() + budget);
        vec![(parse::IP_NEIGH_JSON, parse::to_json(&entries).into_bytes())]
    }

    fn named(&mut self, neighbours: Vec<Neighbour>, deadline: Instant) -> Vec<Entry> {
        let Self { socket, names, .. } = self;
        let of_neighbour = |neighbour: Neighbour| {
            // An interface may vanish after the dump; its entry is still worth telling.
            let name = || interface_name(socket, neighbour.interface, deadline).ok();
            let interface = names.entry(neighbour.interface).or_insert_with(name).clone();
            neighbour.into_entry(interface)
        };
        neighbours.into_iter().map(of_neighbour).collect()
    }
}

/// One dump; after a change under it or an overrun one more, whose result stands as it is: each
/// of its entries is true, only some may be missing.
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
