//! What a guest says about its own network.

use std::net::IpAddr;

use vmkit_survey::RuleSet;
use vmkit_types::{Mac, Prefix, Reading, Route};

/// A guest's answer. Its texts are bounded and not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Its network cards, without its loopback.
    pub cards: Reading<Vec<GuestCard>>,
    /// Its IPv4 routes.
    pub routes: Reading<Vec<Route>>,
    /// Its name servers, and whether they answered just now. Without a tool to ask them they are
    /// unknown.
    pub servers: Reading<Vec<NameServer>>,
    /// Where its programs listen for TCP connections.
    pub listeners: Reading<Vec<TcpListener>>,
    /// Its running DHCP clients, network managers and SSH servers, by the names of their processes.
    pub programs: Reading<Vec<&'static str>>,
    /// What its network managers do with its cards. Absent: none of them could be asked.
    pub managed: Reading<Vec<Managed>>,
    /// The rules of its packet filter.
    pub firewall: Reading<RuleSet>,
    /// How its first boot's setup ended. Absent: it has no cloud-init.
    pub setup: Reading<Setup>,
    /// What its DHCP client reported last. Absent: nothing in its journal.
    pub lease: Reading<Lease>,
}

/// A network card of the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestCard {
    /// Its name.
    pub name: String,
    /// Its MAC.
    pub mac: Option<Mac>,
    /// It is set up.
    pub up: bool,
    /// Its link is there.
    pub carrier: bool,
    /// Its addresses.
    pub addresses: Vec<GuestAddress>,
}

/// An address of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestAddress {
    /// The address and its network.
    pub prefix: Prefix,
    /// It was given for a time, as DHCP does.
    pub dynamic: bool,
}

/// A name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Its address.
    pub address: IpAddr,
    /// How it answered.
    pub answer: ServerAnswer,
}

/// How a name server answered one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerAnswer {
    /// With an answer, whatever it said.
    Answers,
    /// Nothing serves DNS there.
    Refuses,
    /// The guest has no way to it.
    Unreachable,
    /// Not at all.
    Silent,
}

/// Where a program listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpListener {
    /// The address. `None`: all.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

/// What a network manager says of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    /// `systemd-networkd` or `NetworkManager`.
    pub manager: &'static str,
    /// The card.
    pub card: String,
    /// The manager's word for its state, such as `configured` or `unmanaged`.
    pub state: String,
}

impl Managed {
    /// Whether the manager leaves the card alone.
    pub fn is_left_alone(&self) -> bool {
        matches!(self.state.as_str(), "unmanaged" | "unavailable" | "disconnected")
    }
}

/// How cloud-init ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setup {
    /// Without a fault, or it is disabled.
    Done,
    /// It has not ended.
    Running,
    /// With this error.
    Failed(String),
}

/// What a DHCP client reported last, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It got a lease.
    Given(String),
    /// It got none.
    Missing(String),
}
