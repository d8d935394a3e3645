//! What all servers' configurations have in common.

use std::net::Ipv4Addr;

use vmkit_leases::Format;
use vmkit_types::{Mac, Reading, Unread};

/// Most ranges, reserved addresses, interfaces and addresses of its own that are kept. Beyond them the configuration counts as unreadable.
const MOST: usize = 10_000;

/// The configuration of one server.
pub(crate) struct Config {
    pub(crate) interfaces: Vec<String>,
    pub(crate) addresses: Vec<Ipv4Addr>,
    pub(crate) ranges: Vec<Range>,
    pub(crate) reserved: Vec<Reserved>,
    /// It gives no reserved address to anybody else.
    pub(crate) keeps_reserved: bool,
    /// Most leases that it gives.
    pub(crate) most_leases: Option<u64>,
    /// Where it writes its leases: the parts of one log, the oldest first.
    pub(crate) leases: Reading<LeaseFiles>,
    /// The file that it logs to, if it is not the system's log.
    pub(crate) log: Option<String>,
    /// Why a part could not be read.
    pub(crate) unread: Option<Unread>,
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: Ipv4Addr,
    pub(crate) last: Ipv4Addr,
}

/// An address that is reserved for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reserved {
    /// `None`: the client is known by something else.
    pub(crate) mac: Option<Mac>,
    pub(crate) address: Ipv4Addr,
}

/// The files of leases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeaseFiles {
    pub(crate) format: Format,
    pub(crate) paths: Vec<String>,
    /// A server that runs has made the last of them.
    pub(crate) made_at_start: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            interfaces: Vec::new(),
            addresses: Vec::new(),
            ranges: Vec::new(),
            reserved: Vec::new(),
            keeps_reserved: true,
            most_leases: None,
            leases: Reading::Unknown(Unread::NotTried),
            log: None,
            unread: None,
        }
    }
}

impl Config {
    /// Adds a range, if it is one.
    pub(crate) fn add_range(&mut self, first: Ipv4Addr, last: Ipv4Addr) {
        if self.ranges.len() >= MOST {
            self.unread = Some(too_long());
        } else if first <= last {
            self.ranges.push(Range { first, last });
        }
    }

    /// Reserves an address.
    pub(crate) fn reserve(&mut self, mac: Option<Mac>, address: Ipv4Addr) {
        if self.reserved.len() >= MOST {
            self.unread = Some(too_long());
        } else {
            self.reserved.push(Reserved { mac, address });
        }
    }

    /// Adds an interface that it serves.
    pub(crate) fn add_interface(&mut self, name: &str) {
        if self.interfaces.len() >= MOST {
            self.unread = Some(too_long());
        } else if !name.is_empty() {
            self.interfaces.push(name.to_owned());
        }
    }

    /// Adds an address of its own.
    pub(crate) fn add_address(&mut self, address: Ipv4Addr) {
        if self.addresses.len() >= MOST {
            self.unread = Some(too_long());
        } else {
            self.addresses.push(address);
        }
    }

    /// Notes that a part could not be read. The first reason stands.
    pub(crate) fn cannot_read(&mut self, why: Unread) {
        self.unread.get_or_insert(why);
    }
}

fn too_long() -> Unread {
    Unread::Malformed(format!("the configuration has more than {MOST} entries"))
}
