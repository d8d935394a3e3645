//! Linux: one dump of the neighbour table over routing netlink, then requests for single entries.

mod again;
mod message;

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use netlink_packet_core::NLM_F_DUMP;
use rustix::io::Errno;
use vmkit_netlink::{ReadError, RouteSocket};
use vmkit_plugin::{Cx, Error, ErrorCode, Mac, Result};

use crate::{
    parse,
    table::{AddressCounts, Entry, Interest, count_addresses},
};

use message::{Neighbour, RTM_NEWLINK, RTM_NEWNEIGH};

/// Attempts at one consistent dump. The kernel says if the table changed meanwhile, and a second dump is
/// nearly always complete. A third would cost more than it gains.
const ATTEMPTS: usize = 2;

/// Entries that are allocated at once, so that few tables are moved as they grow: a megabyte; the
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
pub(crate) fn read(_: &Cx<'_>, budget: Duration) -> Result<Table> {
    let opened = RouteSocket::open();
    let mut socket = opened.map_err(|error| Error::io("open a routing netlink socket", &error))?;
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
    pub(crate) fn again(
        &mut self,
        _: &Cx<'_>,
        interest: &Interest,
        budget: Duration,
    ) -> Result<Vec<Entry>> {
        let deadline = Instant::now() + budget;
        let candidates = interest.candidates();
        let found = match again::look(&mut self.socket, &self.neighbours, candidates, deadline) {
            Err(error) if error.is_refusal(Errno::OPNOTSUPP) => {
                let mut neighbours = dump(&mut self.socket, deadline)?;
                neighbours.retain(|neighbour| candidates.contains(&neighbour.address));
                neighbours
            }
            found => found.map_err(failed)?,
        };
        Ok(self.named(found, deadline))
    }

    /// How many addresses of the first dump are on each of these MACs.
    pub(crate) fn count(&self, macs: &HashSet<Mac>) -> AddressCounts {
        let table = self.neighbours.iter().map(|neighbour| (neighbour.address, neighbour.mac));
        count_addresses(macs, table)
    }

    /// Linux hides its table from nobody.
    #[expect(clippy::unused_self, reason = "macOS looks at its table")]
    pub(crate) const fn names_nobody(&self) -> bool {
        false
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
        let request = message::neighbour_dump_request();
        let asked = socket.ask(request, NLM_F_DUMP, deadline, |part| {
            if part.kind == RTM_NEWNEIGH {
                neighbours.extend(message::neighbour(part.payload));
            }
        });
        match asked {
            Ok(answer) if answer.interrupted && attempt < ATTEMPTS => {}
            Ok(_) => return Ok(neighbours),
            Err(ReadError::Overrun) if attempt < ATTEMPTS => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(Error::new(ErrorCode::Io, "read the neighbour table: no attempt was made"))
}

fn failed(error: ReadError) -> Error {
    match error {
        ReadError::Overrun => {
            Error::new(ErrorCode::Io, "read the neighbour table: the kernel dropped a part")
        }
        ReadError::Refused(error) | ReadError::Failed(error) => {
            Error::io("ask the kernel over netlink", &error)
        }
    }
}

fn interface_name(socket: &mut RouteSocket, index: u32, deadline: Instant) -> Result<String> {
    let mut name = None;
    let asked = socket.ask(message::link_request(index), 0, deadline, |part| {
        if part.kind == RTM_NEWLINK {
            name = message::link_name(part.payload);
        }
    });
    asked.map_err(failed)?;
    name.ok_or_else(|| Error::new(ErrorCode::NotFound, format!("interface {index} has no name")))
}
