//! A case with its right answer.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use vmkit_model::Evidence;
use vmkit_scoring::Case;
use vmkit_types::HostNetwork;

/// One look at a computer, and what is true of each of its machines.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The family it is of.
    pub family: String,
    /// Its number in the family: with the family's name the seed that it was drawn from.
    pub number: u64,
    /// Whether the computer is a Mac.
    pub macos: bool,
    /// The machines.
    pub cases: Vec<Case>,
    /// The signals' evidence.
    pub evidence: Vec<Evidence>,
    /// The host's network, where it could be read.
    pub network: Option<HostNetwork>,
    /// Per machine, every dotted quad of its console: what a rule without a parser sees.
    pub console_words: Vec<Vec<Ipv4Addr>>,
    /// Addresses at which any SSH server answers.
    pub ssh_open: BTreeSet<IpAddr>,
    /// Per machine, the right answer.
    pub truths: Vec<Truth>,
}

/// What is right to say of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The addresses that lead to it; empty: it has none.
    pub accepts: Vec<IpAddr>,
    /// Whether a careful person could tell that from the evidence. Where not, to withhold an
    /// answer is right.
    pub knowable: bool,
}

impl Labelled {
    /// The evidence about one machine, in the order in which it came.
    pub fn about(&self, vm: usize) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(move |item| item.observation.vm == vm)
    }
}

impl Truth {
    /// Whether this answer is true; `None` answers that there is no address.
    pub fn is(&self, answer: Option<IpAddr>) -> bool {
        answer.map_or(self.accepts.is_empty(), |address| self.accepts.contains(&address))
    }
}
