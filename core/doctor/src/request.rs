//! What the doctor is asked to do.

use std::time::Duration;

use vmkit_session::{Selection, Source};

/// What to examine, and what may be done for it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The machines to examine.
    pub selection: Selection,
    /// Where to look. [`Source::Recorded`] is a directory to save to, which the caller has prepared.
    pub source: Source,
    /// Send nothing.
    pub passive: bool,
    /// How long to wait for guests to ask for an address, at most.
    pub wait: Option<Duration>,
    /// Unplug the links of the machines for a moment, so that their guests ask.
    pub unplug: bool,
    /// Test offers and unplug links without asking the person.
    pub yes: bool,
    /// Whether to run remedies.
    pub fix: Option<FixRequest>,
}

/// Which remedies to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixRequest {
    /// Those that the person allows, one by one.
    Offered,
    /// The remedy with this code, without asking.
    Named(String),
}

impl Request {
    /// Whether the caller has asked to wait for guests.
    pub(crate) fn waits(&self) -> bool {
        self.wait.is_some() || self.unplug
    }
}
