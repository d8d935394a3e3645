//! Fits priors, leaks and strengths of the doctor's catalogue to drawn faults.
//!
//! A coordinate search on the mean log loss of the truth, as for the weights of addresses. The numbers
//! were chosen from knowledge of the faults, so that moving one costs as much as some cases are worth.

mod cases;
mod files;
mod seen;

use vmkit_diagnose::{Catalogue, FindingCode, Number, probabilities, probabilities_among};

use crate::bins::Bins;

pub use cases::{Case, Half, draw};
pub use files::{FilesError, write};
pub use seen::{keep, kept};

/// The log loss, summed over all cases, that moving a number by a plausible factor must save.
const CATALOGUE_WORTH: f64 = 1.0;
/// A plausible change of a number: its odds times two.
const PLAUSIBLE: f64 = std::f64::consts::LN_2;
/// Smallest probability that counts, so that one certain and wrong answer does not outweigh all others.
const LEAST_PROBABILITY: f64 = 1e-4;
/// First and last step of the search, in natural logarithms of odds.
const STEPS: (f64, f64) = (0.8, 0.2);
/// Smallest gain that counts, summed over all cases.
const LEAST_GAIN: f64 = 0.01;
/// Sweeps over all numbers after which the search ends anyway: the last ones gain next to nothing.
const MOST_SWEEPS: usize = 12;
/// Bounds of a fitted number: no evidence may become certain.
const BOUNDS: (f64, f64) = (0.0001, 0.99);
/// Below this probability a cause's own numbers do not change a case noticeably.
const NEGLIGIBLE: f64 = 1e-3;

/// The fitted catalogue, and what changed.
pub struct Fitted {
    /// With its new numbers.
    pub catalogue: Catalogue,
    /// The changed numbers, with their new values.
    pub moved: Vec<(Number, f64)>,
}

/// Fits the catalogue to these cases.
pub fn fit(catalogue: &Catalogue, cases: &[Case]) -> Fitted {
    let mut search = Search::new(catalogue, cases);
    let mut step = STEPS.0;
    for _ in 0..MOST_SWEEPS {
        if step < STEPS.1 {
            break;
        }
        let before = search.cost();
        (0..search.logits.len()).for_each(|at| search.improve(at, step));
        search.measure();
        if search.cost() >= before - LEAST_GAIN {
            step /= 2.0;
        }
    }
    let mut fitted = catalogue.clone();
    fitted.set_numbers(&search.values());
    let moved = catalogue.numbers().into_iter().zip(fitted.numbers());
    let moved = moved.filter(|(old, new)| old.value.total_cmp(&new.value).is_ne());
    let moved = moved.map(|(old, new)| (old, new.value)).collect();
    Fitted { catalogue: fitted, moved }
}

/// How well a catalogue answers cases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Mean of −ln of the truth's probability.
    pub loss: f64,
    /// Share of the cases whose likeliest cause is true, 0 to 1.
    pub right: f64,
    /// Mean square of the likeliest cause's probability less 1 if it is true, else 0.
    pub brier: f64,
    /// The expected calibration error of the likeliest cause, 0 to 1.
    pub error: f64,
}

/// The figures of a catalogue on these cases.
pub fn figures(catalogue: &Catalogue, cases: &[Case]) -> Figures {
    let (mut sums, mut bins) = (Figures::default(), Bins::default());
    for case in cases {
        let beliefs = probabilities(catalogue, &case.observed);
        let first = likeliest(&beliefs);
        let right = f64::from(u8::from(case.truth.contains(&first)));
        sums.loss += loss(case, &beliefs);
        sums.right += right;
        sums.brier += (beliefs[first] - right).powi(2);
        bins.add(beliefs[first], case.truth.contains(&first));
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands of cases")]
    let all = cases.len().max(1) as f64;
    Figures {
        loss: sums.loss / all,
        right: sums.right / all,
        brier: sums.brier / all,
        error: bins.error(),
    }
}

fn likeliest(beliefs: &[f64]) -> usize {
    let ranked = beliefs.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    ranked.map_or(0, |(at, _)| at)
}

/// −ln of the truth's probability; of two causes, the mean.
fn loss(case: &Case, beliefs: &[f64]) -> f64 {
    let of = |cause: &usize| -beliefs[*cause].max(LEAST_PROBABILITY).ln();
    let causes = &case.truth;
    #[expect(clippy::cast_precision_loss, reason = "one or two causes")]
    let many = causes.len().max(1) as f64;
    causes.iter().map(of).sum::<f64>() / many
}

/// A search that goes on.
struct Search<'s> {
    cases: &'s [Case],
    /// Has the numbers that are tried.
    catalogue: Catalogue,
    /// The numbers before the search.
    start: Vec<f64>,
    /// Where the numbers were, and where they are: logarithms of odds.
    from: Vec<f64>,
    logits: Vec<f64>,
    /// The index of the cause that a number belongs to. `None`: it concerns all.
    owner: Vec<Option<usize>>,
    /// The finding that a number belongs to. `None`: it concerns all.
    finding: Vec<Option<FindingCode>>,
    /// The loss of each case, and the probabilities of its causes.
    losses: Vec<f64>,
    beliefs: Vec<Vec<f64>>,
}

impl<'s> Search<'s> {
    fn new(catalogue: &Catalogue, cases: &'s [Case]) -> Self {
        let numbers = catalogue.numbers();
        let from: Vec<f64> = numbers.iter().map(|number| logit(number.value)).collect();
        let owner = |number: &Number| {
            let code = number.file.strip_prefix("causes/")?.strip_suffix(".toml")?;
            catalogue.causes().iter().position(|cause| cause.code == code)
        };
        let owner = numbers.iter().map(owner).collect();
        let finding = |number: &Number| match number.table {
            Some("produces") => FindingCode::from_code(number.key),
            table => FindingCode::from_code(table?),
        };
        let finding = numbers.iter().map(finding).collect();
        let mut search = Self {
            cases,
            catalogue: catalogue.clone(),
            start: numbers.iter().map(|number| number.value).collect(),
            logits: from.clone(),
            from,
            owner,
            finding,
            losses: Vec::new(),
            beliefs: Vec::new(),
        };
        search.measure();
        search
    }

    fn values(&self) -> Vec<f64> {
        let value = |(at, logit): (usize, &f64)| {
            let unmoved = logit.total_cmp(&self.from[at]).is_eq();
            if unmoved { self.start[at] } else { rounded(probability(*logit)) }
        };
        self.logits.iter().enumerate().map(value).collect()
    }

    /// Gives the catalogue the present numbers.
    fn renumber(&mut self) {
        let values: Vec<f64> = self.logits.iter().map(|logit| probability(*logit)).collect();
        self.catalogue.set_numbers(&values);
    }

    /// Answers all cases with the present numbers.
    fn measure(&mut self) {
        self.renumber();
        let answered = self.cases.iter().map(|case| probabilities(&self.catalogue, &case.observed));
        self.beliefs = answered.collect();
        let cases = self.cases.iter().zip(&self.beliefs);
        self.losses = cases.map(|(case, beliefs)| loss(case, beliefs)).collect();
    }

    /// What moving a number has cost.
    fn moved(&self, at: usize) -> f64 {
        let moved = (self.logits[at] - self.from[at]) / PLAUSIBLE;
        CATALOGUE_WORTH * moved * moved / 2.0
    }

    fn cost(&self) -> f64 {
        let moves: f64 = (0..self.logits.len()).map(|at| self.moved(at)).sum();
        self.losses.iter().sum::<f64>() + moves
    }

    /// The cases that a number can change.
    fn concerned(&self, at: usize) -> Vec<usize> {
        let concerns = |case: &usize| {
            let observed = &self.cases[*case].observed.findings;
            let looked_at = self.finding[at]
                .is_none_or(|finding| observed.iter().any(|(code, _)| *code == finding));
            looked_at
                && self.owner[at].is_none_or(|cause| {
                    self.beliefs[*case][cause] >= NEGLIGIBLE
                        || self.cases[*case].truth.contains(&cause)
                })
        };
        (0..self.cases.len()).filter(concerns).collect()
    }

    /// The loss over these cases with the present numbers. Pairs of causes count where both matter.
    fn loss_of(&mut self, concerned: &[usize], owner: Option<usize>) -> f64 {
        self.renumber();
        let of = |case: &usize| {
            let Case { observed, truth } = &self.cases[*case];
            let beliefs = &self.beliefs[*case];
            let matters = |cause: &usize| {
                beliefs[*cause] >= NEGLIGIBLE || truth.contains(cause) || owner == Some(*cause)
            };
            let causes: Vec<usize> = (0..beliefs.len()).filter(matters).collect();
            loss(&self.cases[*case], &probabilities_among(&self.catalogue, observed, &causes))
        };
        concerned.iter().map(of).sum()
    }

    /// Moves one number up or down if that is worth it.
    fn improve(&mut self, at: usize, step: f64) {
        let concerned = self.concerned(at);
        if concerned.is_empty() {
            return;
        }
        let owner = self.owner[at];
        let before = self.loss_of(&concerned, owner) + self.moved(at);
        let kept = self.logits[at];
        for direction in [step, -step] {
            let tried = kept + direction;
            if !(BOUNDS.0..=BOUNDS.1).contains(&probability(tried)) {
                continue;
            }
            self.logits[at] = tried;
            if self.loss_of(&concerned, owner) + self.moved(at) < before - LEAST_GAIN {
                return;
            }
        }
        self.logits[at] = kept;
    }
}

fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

fn probability(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// To two significant digits of the rarer side: more would claim more than the cases know.
fn rounded(probability: f64) -> f64 {
    let rare = probability.min(1.0 - probability);
    let digits = 1.0 - rare.log10().floor();
    let scale = 10_f64.powf(digits.clamp(2.0, 6.0));
    (probability * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use vmkit_diagnose::{FindingCode, Observed};

    use super::*;

    /// A case with these present findings.
    fn case(catalogue: &Catalogue, cause: &str, present: &[&str]) -> Case {
        let findings = present.iter().filter_map(|name| FindingCode::from_code(name));
        let at = catalogue.causes().iter().position(|each| each.code == cause).unwrap();
        Case {
            observed: Observed {
                circumstances: vec!["mode:bridged".to_owned()],
                findings: findings.map(|code| (code, true)).collect(),
            },
            truth: vec![at],
        }
    }

    #[test]
    fn moves_the_numbers_that_the_cases_contradict_and_few_others() {
        let catalogue = Catalogue::builtin().unwrap();
        let seen = ["address-missing", "discover-unanswered", "offer-never-arrives"];
        // What is rare in the catalogue is the rule here.
        let cases = vec![case(&catalogue, "dhcp-pool-exhausted", &seen); 4];
        let mut search = Search::new(&catalogue, &cases);
        let before = search.cost();
        let at = |file: &str, key: &str| {
            let numbers = catalogue.numbers();
            numbers.iter().position(|number| number.file == file && number.key == key).unwrap()
        };
        let own = at("causes/dhcp-pool-exhausted.toml", "prior");
        let foreign = at("causes/vm-paused.toml", "prior");
        search.improve(own, STEPS.0);
        search.improve(foreign, STEPS.0);
        search.measure();
        assert!(search.logits[own] > search.from[own]);
        assert!(search.logits[foreign].total_cmp(&search.from[foreign]).is_eq());
        assert!(search.cost() < before);
        search.renumber();
        let better = figures(&search.catalogue, &cases).loss;
        assert!(better < figures(&catalogue, &cases).loss);
    }

    #[test]
    fn nothing_moves_without_cases() {
        assert!(fit(&Catalogue::builtin().unwrap(), &[]).moved.is_empty());
    }

    #[test]
    fn rounds_the_rarer_side_to_two_digits() {
        for (exact, expected) in [(0.123_4, 0.12), (0.987_65, 0.988), (0.004_567, 0.0046)] {
            assert!((rounded(exact) - expected).abs() < 1e-9, "{exact} {}", rounded(exact));
        }
    }
}
