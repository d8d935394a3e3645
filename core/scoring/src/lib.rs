//! From evidence to the best address of each machine, with an account of every step.
//!
//! Pure: evidence and a time go in, picks come out. For each address that was named,
//! `logit = ln prior + Σ over groups of cap(best + share · rest)`, where an item weighs
//! `ln LR · 2^(−age / half-life)`. "No address" always takes part, with logit 0; a softmax over one
//! address family gives the probabilities. Every number is a row of `weights.toml`.

#![forbid(unsafe_code)]

mod candidate;
mod case;
mod certainty;
mod crowd;
mod hysteresis;
mod ledger;
mod pick;
mod place;
mod probe;
mod verdict;
mod weights;

use std::{panic::resume_unwind, thread, time::SystemTime};

use vmkit_evidence::Evidence;
use vmkit_types::HostNetwork;

pub use case::Case;
pub use pick::{Candidate, Doubt, Entry, Flag, Pick, StruckOut, Verdict, WhyNot};
pub use probe::candidates_to_probe;
pub use weights::{Weights, WeightsError};

use crate::{
    candidate::Draft,
    crowd::Crowd,
    ledger::{Scale, Scratch},
    place::Place,
    verdict::{Claims, decide},
};

/// From this many items on a second thread is worth its start, some tens of microseconds.
const MUCH_EVIDENCE: usize = 4000;

/// The pick of each machine, in the order of the cases.
///
/// The `vm` of an observation is an index into `cases`. The order of the evidence does not matter.
pub fn score<'a>(
    cases: &[Case],
    evidence: &'a [Evidence],
    network: Option<&HostNetwork>,
    now: SystemTime,
    weights: &Weights,
) -> Vec<Pick<'a>> {
    let place = Place::new(network);
    let crowd = Crowd::new(cases, evidence, network, weights);
    let drafts = |cases: &[Case], evidence: &[Vec<&'a Evidence>]| -> Vec<Draft<'a>> {
        let mut scratch = Scratch::default();
        let machines = cases.iter().zip(evidence).map(|(case, evidence)| {
            let asked: &[&Evidence] = if case.running { evidence } else { &[] };
            Draft::new(asked, &Scale { case, crowd: &crowd, now, weights }, &place, &mut scratch)
        });
        machines.collect()
    };
    let drafts: Vec<Draft<'a>> = if evidence.len() < MUCH_EVIDENCE {
        drafts(cases, &crowd.evidence)
    } else {
        let (one, other) = cases.split_at(cases.len() / 2);
        let (of_one, of_other) = crowd.evidence.split_at(one.len());
        thread::scope(|scope| {
            let beside = scope.spawn(|| drafts(other, of_other));
            let mut all = drafts(one, of_one);
            all.extend(beside.join().unwrap_or_else(|panic| resume_unwind(panic)));
            all
        })
    };
    let claims = Claims::new(&drafts);
    drafts
        .into_iter()
        .enumerate()
        .map(|(vm, draft)| {
            if cases[vm].running {
                decide(vm, cases, draft, &claims, &crowd, weights)
            } else {
                Pick::not_running()
            }
        })
        .collect()
}
