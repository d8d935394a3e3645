//! What asking for one address gave.

use std::{net::Ipv4Addr, time::Duration};

use vmkit_plugin::{Mac, Unread};

/// Somebody who has answered for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replier {
    pub(crate) mac: Mac,
    /// Time since the last request, where it is known.
    pub(crate) round_trip: Option<Duration>,
}

/// What asking for one address gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// At least one has answered; in the order of their answers.
    Replies(Vec<Replier>),
    /// Nobody has, asked so many times where that is known.
    Silent(Option<u8>),
    /// It could not be asked for, which says nothing about the address.
    Unread(Unread),
}

/// One address that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) address: Ipv4Addr,
    /// Name of the host's interface, where it is known.
    pub(crate) interface: Option<String>,
    pub(crate) outcome: Outcome,
    /// How old it is; `None`: of this moment.
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
