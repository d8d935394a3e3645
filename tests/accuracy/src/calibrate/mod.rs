//! Fits the temperature and the likelihood ratios of the table to the fit families.
//!
//! A coordinate search on the mean log loss: it moves each number up and down in turn, and halves the
//! steps when nothing helps. Caps and excluded evidence have no gradients. Moving a number has a cost,
//! since the table contains knowledge from outside of the corpus.

pub mod doctor;
mod text;

use vmkit_scoring::{Weights, score};

use crate::{labelled::Labelled, measure::probability_of_truth, sources::now};

pub use text::{Table, TableError};

/// The log loss, summed over all cases and doubled, that moving a number by a plausible factor must save
/// to outweigh the table.
const TABLE_WORTH: f64 = 5.0;
/// A plausible change of a number: a factor of two.
const PLAUSIBLE: f64 = std::f64::consts::LN_2;
/// Smallest probability that counts, so that one certain and wrong answer does not outweigh all others.
const LEAST_PROBABILITY: f64 = 1e-4;
/// First and last step of the search, in natural logarithms.
const STEPS: (f64, f64) = (0.8, 0.1);
/// Smallest gain that counts.
const LEAST_GAIN: f64 = 1e-6;

/// The fitted table and the changes.
pub struct Fitted {
    /// The table with its new numbers.
    pub table: Table,
    /// The changed numbers: name, before, after.
    pub moved: Vec<(String, f64, f64)>,
    /// How many times all cases were scored.
    pub rounds: usize,
}

/// Fits the table to these cases: all numbers, or those of `only` if it names some.
///
/// # Errors
/// The table does not parse, or a number of it cannot be found.
pub fn fit(start: &Table, cases: &[Labelled], only: &[String]) -> Result<Fitted, TableError> {
    let mut search = Search { start, cases, rounds: 0 };
    let mut best: Vec<f64> = start.numbers().iter().map(|number| number.value.ln()).collect();
    let mut best_cost = search.cost(&best)?;
    let mut step = STEPS.0;
    while step >= STEPS.1 {
        let before = best_cost;
        for index in 0..best.len() {
            if !only.is_empty() && !only.contains(&start.numbers()[index].name) {
                continue;
            }
            for direction in [step, -step] {
                let mut tried = best.clone();
                tried[index] += direction;
                if !start.numbers()[index].allows(tried[index].exp()) {
                    continue;
                }
                let cost = search.cost(&tried)?;
                if cost < best_cost - LEAST_GAIN {
                    (best, best_cost) = (tried, cost);
                    break;
                }
            }
        }
        if best_cost >= before - LEAST_GAIN {
            step /= 2.0;
        }
    }
    let table = start.with(&best.iter().map(|log| log.exp()).collect::<Vec<_>>());
    let moved = start
        .numbers()
        .iter()
        .zip(table.numbers())
        .filter(|(a, b)| a.value.total_cmp(&b.value).is_ne());
    let moved = moved.map(|(a, b)| (a.name.clone(), a.value, b.value)).collect();
    Ok(Fitted { rounds: search.rounds, moved, table })
}

struct Search<'s> {
    start: &'s Table,
    cases: &'s [Labelled],
    rounds: usize,
}

impl Search<'_> {
    fn cost(&mut self, logs: &[f64]) -> Result<f64, TableError> {
        self.rounds += 1;
        let values: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
        let weights = self.start.with(&values).weights()?;
        let moves = logs.iter().zip(self.start.numbers()).map(|(log, number)| {
            let moved = (log - number.value.ln()) / PLAUSIBLE;
            moved * moved / 2.0
        });
        let (sum, machines) = log_loss(self.cases, &weights);
        Ok(sum / machines + moves.sum::<f64>() * TABLE_WORTH / machines)
    }
}

/// The sum of −ln of the truths' probabilities, and the number of VMs.
fn log_loss(cases: &[Labelled], weights: &Weights) -> (f64, f64) {
    let (mut sum, mut machines) = (0.0, 0_u32);
    for case in cases {
        let picks = score(&case.cases, &case.evidence, case.network.as_ref(), now(), weights);
        for (pick, truth) in picks.iter().zip(&case.truths) {
            sum -= probability_of_truth(pick, &truth.accepts).max(LEAST_PROBABILITY).ln();
            machines += 1;
        }
    }
    (sum, f64::from(machines.max(1)))
}
