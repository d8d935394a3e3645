//! One lease, whatever format it was read from.

use std::net::IpAddr;

use vmkit_plugin::Mac;

/// What a lease file says of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) address: IpAddr,
    /// The client's MAC, or else the one inside its client identifier. `None`: the file names
    /// neither, so the lease cannot be told to be anybody's.
    pub(crate) mac: Option<Mac>,
    pub(crate) validity: Validity,
    /// How long the lease was given for, in seconds, where the file tells.
    pub(crate) length: Option<u64>,
}

/// Until when a lease is in force. Times are seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Validity {
    /// It was given back or taken away, at a time that the file does not tell.
    Ended,
    /// It ends at this time, or did.
    Until(u64),
    /// It has no end.
    Forever,
}

impl Validity {
    /// The validity of a lease up to this time, where 0 stands for no end.
    pub(crate) fn until_or_forever(seconds: u64) -> Self {
        if seconds == 0 { Self::Forever } else { Self::Until(seconds) }
    }

    /// Whether it is in force at this time.
    pub(crate) fn covers(self, now: u64) -> bool {
        match self {
            Self::Ended => false,
            Self::Until(end) => now < end,
            Self::Forever => true,
        }
    }
}

/// Puts the leases that end last first: where a file has no order of its own, they are the newest.
pub(crate) fn last_to_end_first(mut leases: Vec<Lease>) -> Vec<Lease> {
    leases.sort_by_key(|lease| std::cmp::Reverse(lease.validity));
    leases
}

/// The file has another format than its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotThisFormat;
