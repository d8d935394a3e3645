//! The interfaces that questions leave by.

use std::{net::Ipv4Addr, num::NonZeroU32};

/// An interface on which all hosts are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) name: String,
    /// Its own address, by which macOS names an interface; `None`: the name suffices.
    pub(crate) address: Option<Ipv4Addr>,
}

/// The interface that a server belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: String,
    /// Its number in the system.
    pub(crate) index: NonZeroU32,
}
