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
    /// The same of the computers with Linux, and of the Macs.
    pub by_system: [Sums; 2],
}

/// Which families' answers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of all families.
    All,
    /// Those of a set.
    Set(Set),
    /// Of all families, those of computers with Linux.
    Linux,
    /// Of all families, those of Macs.
    MacOs,
}

/// Generates and answers `cases` cases of every family.
pub fn answer(cases: u64, weights: &Weights) -> Vec<Answered> {
    let answered = |family: &'static Family| {
        let mut by_system = [Sums::default(), Sums::default()];
        for number in 0..cases {
            let case = family.case(number);
            by_system[usize::from(case.macos)].add(&case, weights);
        }
        let mut sums = Sums::default();
        for part in &by_system {
            sums.extend(part);
        }
        Answered { family, sums, by_system }
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

/// The sum over these answers.
pub fn total(answered: &[Answered], of: Of) -> Sums {
    let mut total = Sums::default();
    for each in answered {
        match of {
            Of::All => total.extend(&each.sums),
            Of::Set(set) if each.family.set() == set => total.extend(&each.sums),
            Of::Set(_) => {}
            Of::Linux => total.extend(&each.by_system[0]),
            Of::MacOs => total.extend(&each.by_system[1]),
        }
    }
    total
}

/// The cases of one set, to be answered more than once.
pub fn cases_of(set: Set, cases: u64) -> Vec<Labelled> {
    let of_set = families().filter(|family| family.set() == set);
    of_set.flat_map(|family| (0..cases).map(move |number| family.case(number))).collect()
}
