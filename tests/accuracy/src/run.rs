//! All families answered, family by family.

use std::thread;

use vmkit_scoring::Weights;

use crate::{
    families::{Family, Set, families},
    labelled::Labelled,
    measure::Sums,
};

/// Cases of one family that every run takes.
pub const CASES: u64 = 500;

/// The answers to one family.
pub struct Answered {
    /// The family.
    pub family: &'static Family,
    /// What they add up to.
    pub sums: Sums,
}

/// Generates and answers `cases` cases of every family.
pub fn answer(cases: u64, weights: &Weights) -> Vec<Answered> {
    let answered = |family: &'static Family| {
        let mut sums = Sums::default();
        (0..cases).for_each(|number| sums.add(&family.case(number), weights));
        Answered { family, sums }
    };
    // Two threads: the families are independent, and developers share their computers.
    let all: Vec<_> = families().collect();
    let (one, two) = all.split_at(all.len() / 2);
    thread::scope(|scope| {
        let first = scope.spawn(|| one.iter().copied().map(answered).collect::<Vec<_>>());
        let second: Vec<_> = two.iter().copied().map(answered).collect();
        let mut first = first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        first.extend(second);
        first
    })
}

/// The sum over the families of one set, or over all.
pub fn total(answered: &[Answered], set: Option<Set>) -> Sums {
    let mut total = Sums::default();
    for each in answered.iter().filter(|each| set.is_none_or(|set| each.family.set() == set)) {
        total.extend(&each.sums);
    }
    total
}

/// The cases of one set, to be answered more than once.
pub fn cases_of(set: Set, cases: u64) -> Vec<Labelled> {
    let of_set = families().filter(|family| family.set() == set);
    of_set.flat_map(|family| (0..cases).map(move |number| family.case(number))).collect()
}
