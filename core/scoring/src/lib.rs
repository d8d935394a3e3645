//! Finds the best address of each machine in its evidence, and accounts for every step.
//!
//! Pure: a function of evidence and a time. For each address that is named,
//! `logit = ln prior + Σ over groups of cap(best + share · rest)`, where an item weighs
//! `ln LR · 2^(−age / half-life)`. "No address" is a candidate with logit 0, and a softmax over the
//! candidates of one address family and card gives the probabilities. Every number is in
//! `weights.toml`.

#![forbid(unsafe_code)]

mod candidate;
mod case;
mod certainty;
mod crowd;
mod families;
mod halves;
mod holders;
mod hysteresis;
mod ledger;
mod pick;
mod place;
mod preference;
mod probe;
mod search;
mod tie;
mod unchecked;
mod verdict;
mod way_in;
mod weights;

use std::time::SystemTime;

use vmkit_model::Evidence;
use vmkit_types::HostNetwork;

pub use case::Case;
pub use certainty::NotCertain;
pub use pick::{Candidate, Doubt, Entry, Flag, Pick, StruckOut, Verdict, WhyNot};
pub use probe::candidates_to_probe;
pub use search::{Ending, Hints, Looker};
pub use unchecked::{Lack, Unchecked};
pub use weights::{Weights, WeightsError};

use crate::{
    candidate::Draft,
    crowd::Crowd,
    halves::in_halves,
    ledger::{Scale, Scratch},
    place::Place,
    verdict::{Claims, decide},
};

/// The pick of each machine, in the order of the cases.
///
/// The `vm` of an observation is an index into `cases`. The order of the evidence does not matter.
pub fn score(
    cases: &[Case],
    evidence: &[Evidence],
    network: Option<&HostNetwork>,
    now: SystemTime,
    weights: &Weights,
) -> Vec<Pick> {
    let place = Place::new(network);
    let (crowd, of_machines) = Crowd::new(cases, evidence, network, weights);
    let machines = of_machines.into_iter().enumerate().collect();
    let drafts = in_halves(machines, evidence.len(), |machines: Vec<(usize, Vec<_>)>| {
        let mut scratch = Scratch::default();
        let draft = |(vm, asked): (usize, _)| {
            let case = &cases[vm];
            let asked = if case.running { asked } else { Vec::new() };
            let scale = Scale { case, place: &place, crowd: &crowd, now, weights };
            Draft::new(&asked, &scale, &mut scratch)
        };
        machines.into_iter().map(draft).collect()
    });
    let claims = Claims::new(&drafts);
    let drafts = drafts.into_iter().enumerate().collect();
    in_halves(drafts, evidence.len(), |drafts: Vec<(usize, Draft)>| {
        let pick = |(vm, draft): (usize, _)| {
            if cases[vm].running {
                decide(vm, cases, draft, &claims, &crowd, weights)
            } else {
                Pick::not_running()
            }
        };
        drafts.into_iter().map(pick).collect()
    })
}
