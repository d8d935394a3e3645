//! What a path consists of.

use crate::{Place, StationKind, Ways};

/// The way of a machine's frames from its guest to the router, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// From the guest outwards. The guest is always there.
    pub stations: Vec<Station>,
    /// What lies between neighbouring stations, one fewer than there are stations.
    pub hops: Vec<Hop>,
    /// Where the causes that are named stop frames. Empty: none is named, or they stop none.
    pub stops: Vec<Stop>,
}

/// One station of a path. Its texts are not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// What it is.
    pub kind: StationKind,
    /// Its own name on this computer, if it has one and it is known.
    pub name: Option<String>,
    /// What else identifies it, such as a MAC or an address.
    pub detail: Option<String>,
}

/// What lies between two neighbouring stations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// From the guest towards the router.
    pub out: Passage,
    /// From the router towards the guest.
    pub back: Passage,
}

/// Whether frames pass a hop in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage {
    /// They were seen to; what was seen.
    Passes(String),
    /// The cause that is named stops frames here; what happens to them.
    Stops(String),
    /// It is not known; why.
    Unknown(String),
}

/// Where one cause stops frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The cause.
    pub cause: &'static str,
    /// The place that the catalogue names.
    pub place: Place,
    /// What happens to the frames, in one clause.
    pub says: String,
    /// The place on this path.
    pub reach: Reach,
}

/// A place on a path. Indices are those of `stations` and `hops`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// At a station.
    Station(usize),
    /// On one of these hops, `first` and `last` among them.
    Hops {
        /// The hop nearest to the guest.
        first: usize,
        /// The hop nearest to the router.
        last: usize,
        /// In which direction.
        ways: Ways,
    },
}
