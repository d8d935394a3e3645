//! What came of asking for one address.

use std::{net::Ipv4Addr, time::Duration};

use vmkit_plugin::{Mac, Unread};

/// A host that answered for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replier {
    pub(crate) mac: Mac,
    /// Time since the last request, where it is known.
    pub(crate) round_trip: Option<Duration>,
}

/// What came of asking for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// At least one host answered; in the order of the answers.
    Replies(Vec<Replier>),
    /// No host answered this many requests, where their number is known.
    Silent(Option<u8>),
    /// Nothing was seen that says anything about the address.
    Unread(Unread),
}

/// One address that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) address: Ipv4Addr,
    /// Name of the host's interface, where it is known.
    pub(crate) interface: Option<String>,
    pub(crate) outcome: Outcome,
    /// How old the answer is; `None`: it has just come.
    pub(crate) age: Option<Duration>,
}

impl Answer {
    pub(crate) fn repliers(&self) -> &[Replier] {
        match &self.outcome {
            Outcome::Replies(repliers) => repliers,
            Outcome::Silent(_) | Outcome::Unread(_) => &[],
        }
    }
}
