//! What the table has: thresholds, groups, ranges, and the rule of each kind of evidence.

use std::time::Duration;

use serde::Deserialize;
use vmkit_types::{Observation, Prefix};

/// The least probabilities for the verdicts and for writing.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thresholds {
    pub(crate) resolved: f64,
    pub(crate) probable: f64,
    pub(crate) written: f64,
}

/// A group of kinds with a common origin.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The limit of its sum, for or against, as a logarithm.
    pub(crate) cap: f64,
    /// Its facts do not show who answers, unless they tie.
    pub(crate) anonymous: bool,
    /// Its facts are states of one thing, so that the last reading counts.
    pub(crate) state: bool,
    /// Index of the pool of claims that it draws from, if plugins have declared its kinds.
    pub(crate) pool: Option<usize>,
}

/// An address range that machines seldom have.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) network: Prefix,
    pub(crate) what: String,
    pub(crate) nat: bool,
}

/// The row of one kind of evidence.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties, a column of data each")]
pub(crate) struct Rule {
    /// Natural logarithm of the likelihood ratio.
    pub(crate) log_ratio: f64,
    pub(super) half_life: HalfLife,
    /// Index of its group.
    pub(crate) group: usize,
    /// Its rank in an order that keeps groups together.
    pub(crate) place: usize,
    pub(crate) reaches: bool,
    pub(crate) ties: bool,
    pub(crate) stale: bool,
    pub(crate) other_mac: bool,
    pub(crate) host_lease: bool,
    pub(crate) server_absence: bool,
    pub(crate) same_interface: bool,
    pub(crate) unless_reached: bool,
    pub(crate) duplicate: bool,
    pub(crate) refutes: bool,
    pub(crate) identifies: bool,
    pub(crate) min_uptime: Duration,
    /// `log_ratio` if the address has just answered.
    pub(crate) answered: Option<f64>,
    /// How long the source keeps a fact whose age it does not give, in seconds.
    pub(crate) kept: Option<f64>,
    /// The machine has the address at this moment, perhaps among others.
    pub(crate) held: bool,
    /// It is the guest's own word.
    pub(crate) guest_claim: bool,
    /// The guest lists it among the addresses of its own cards.
    pub(crate) listed: bool,
    /// A DHCP server gives the address to the machine.
    pub(crate) assigns: bool,
    /// A plugin has declared the kind for itself.
    pub(crate) claim: bool,
}

/// How the weight of a fact decays.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum HalfLife {
    Seconds(f64),
    Lasting(Lasting),
    OfAttribute(OfAttribute),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Lasting {
    Run,
    Boot,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfAttribute {
    attribute: String,
    pub(super) share: f64,
    pub(super) otherwise: f64,
}

impl Rule {
    /// The half-life of one observation, in seconds; `None`: it does not decay.
    pub(crate) fn half_life(&self, observation: &Observation) -> Option<f64> {
        match &self.half_life {
            HalfLife::Seconds(seconds) => Some(*seconds),
            HalfLife::Lasting(Lasting::Run | Lasting::Boot) => None,
            HalfLife::OfAttribute(of) => {
                let seconds = observation
                    .attribute(&of.attribute)
                    .and_then(|text| text.parse::<u32>().ok())
                    .filter(|seconds| *seconds > 0);
                Some(seconds.map_or(of.otherwise, |seconds| f64::from(seconds) * of.share))
            }
        }
    }
}
