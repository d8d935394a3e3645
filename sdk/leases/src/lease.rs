//! One lease, in a form for all formats.

use std::net::IpAddr;

use vmkit_types::Mac;

/// What a lease file says about one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The leased address.
    pub address: IpAddr,
    /// The client's MAC, or else the one in its client identifier. `None`: the file has neither, so the
    /// lease's owner is unknown.
    pub mac: Option<Mac>,
    /// The client identifier, option 61, or the DUID of an IPv6 client, where the file has one.
    pub client_id: Option<Vec<u8>>,
    /// The name that the client gave itself, where the file has no MAC and has a name.
    pub name: Option<String>,
    /// Until when it holds.
    pub validity: Validity,
    /// Length of the lease in seconds, where the file says so.
    pub length: Option<u64>,
}

/// The end of a lease. Times are seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validity {
    /// It was released or revoked at an unknown time.
    Ended,
    /// It ends or ended at this time.
    Until(u64),
    /// It has no end.
    Forever,
}

impl Validity {
    /// The end at this time, where 0 means no end.
    pub(crate) fn until_or_forever(seconds: u64) -> Self {
        if seconds == 0 { Self::Forever } else { Self::Until(seconds) }
    }

    /// Whether the lease is in force at this time.
    pub fn covers(self, now: u64) -> bool {
        match self {
            Self::Ended => false,
            Self::Until(end) => now < end,
            Self::Forever => true,
        }
    }
}

/// Sorts the leases that end last first: if a file has no order, they are the newest.
pub(crate) fn last_to_end_first(mut leases: Vec<Lease>) -> Vec<Lease> {
    leases.sort_by_key(|lease| std::cmp::Reverse(lease.validity));
    leases
}

/// The file has another format than its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotThisFormat;
