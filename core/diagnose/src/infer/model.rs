//! The two layers: priors of causes, and how causes produce findings.

use crate::{Catalogue, Finding, FindingCode, State, circumstance::Circumstance};

/// Circumstances alone never make a cause surer than this.
const HIGHEST_PRIOR: f64 = 0.9;

/// A set of at most two causes that are present together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hypothesis {
    causes: [usize; 2],
    count: usize,
}

impl Hypothesis {
    pub(crate) const NONE: Self = Self { causes: [0; 2], count: 0 };

    pub(crate) fn one(cause: usize) -> Self {
        Self { causes: [cause, 0], count: 1 }
    }

    pub(crate) fn two(first: usize, second: usize) -> Self {
        Self { causes: [first, second], count: 2 }
    }

    /// The causes, by their index in the catalogue.
    pub(crate) fn causes(&self) -> &[usize] {
        &self.causes[..self.count]
    }

    /// The same without one of its causes.
    pub(crate) fn without(self, cause: usize) -> Self {
        match *self.causes() {
            [first, second] if second == cause => Self::one(first),
            [first, second] if first == cause => Self::one(second),
            [only] if only != cause => self,
            _ => Self::NONE,
        }
    }
}

/// The model for one machine.
#[derive(Clone, Debug)]
pub(crate) struct Model<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// Prior odds of each cause in the circumstances; the last are those of the unknown cause.
    odds: Vec<f64>,
    /// For each cause and finding, the probability that the cause does not produce it.
    quiet: Vec<Vec<f64>>,
    /// Whether each finding is there, by its index; `None`: it was not observed.
    observed: Vec<Option<bool>>,
    /// The findings that were observed.
    seen: Vec<FindingCode>,
    /// For each cause, the observed findings that it can produce.
    touched: Vec<Vec<FindingCode>>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        circumstances: &[Circumstance],
        findings: &[Finding],
    ) -> Self {
        let mut odds = Vec::with_capacity(catalogue.causes.len() + 1);
        let mut quiet = Vec::with_capacity(catalogue.causes.len() + 1);
        for cause in &catalogue.causes {
            let holding = cause.given.iter().filter(|(each, _)| circumstances.contains(each));
            let prior = cause.prior * holding.map(|(_, factor)| factor).product::<f64>();
            odds.push(to_odds(prior));
            let mut row = vec![1.0; catalogue.findings.len()];
            for (finding, probability) in &cause.produces {
                row[finding.index()] = 1.0 - probability;
            }
            quiet.push(row);
        }
        odds.push(to_odds(catalogue.unknown_prior));
        // The leak and the unknown cause together make up `by_unknown`.
        let of_unknown =
            |kind: &crate::FindingKind| ((1.0 - kind.by_unknown) / (1.0 - kind.leak)).min(1.0);
        quiet.push(catalogue.findings.iter().map(of_unknown).collect());
        let mut observed = vec![None; catalogue.findings.len()];
        for finding in findings {
            observed[finding.code.index()] = match finding.state {
                State::Present(_) => Some(true),
                State::Absent(_) => Some(false),
                State::NotObserved(_) => None,
            };
        }
        let codes = FindingCode::ALL.iter().copied();
        let seen: Vec<_> = codes.filter(|code| observed[code.index()].is_some()).collect();
        let of_cause =
            |row: &Vec<f64>| seen.iter().copied().filter(|code| row[code.index()] < 1.0).collect();
        let touched = quiet.iter().map(of_cause).collect();
        Self { catalogue, odds, quiet, observed, seen, touched }
    }

    /// The number of causes, including the unknown one.
    pub(crate) fn causes(&self) -> usize {
        self.odds.len()
    }

    /// The index of the unknown cause.
    pub(crate) fn unknown(&self) -> usize {
        self.odds.len() - 1
    }

    /// Whether the finding is present; `None`: it was not observed.
    pub(crate) fn observed(&self, finding: FindingCode) -> Option<bool> {
        self.observed[finding.index()]
    }

    /// Whether the cause can produce the finding.
    pub(crate) fn shows(&self, cause: usize, finding: FindingCode) -> bool {
        self.quiet[cause][finding.index()] < 1.0
    }

    /// The findings that were observed.
    pub(crate) fn seen(&self) -> &[FindingCode] {
        &self.seen
    }

    /// Every possible cause alone, including the unknown one, and every pair.
    pub(crate) fn hypotheses(&self) -> Vec<Hypothesis> {
        let possible: Vec<usize> = (0..self.odds.len()).filter(|at| self.odds[*at] > 0.0).collect();
        let mut all = Vec::new();
        for (at, first) in possible.iter().enumerate() {
            all.push(Hypothesis::one(*first));
            all.extend(possible[at + 1..].iter().map(|second| Hypothesis::two(*first, *second)));
        }
        all
    }

    /// Every possible cause alone, including the unknown one, and every pair of these causes.
    pub(crate) fn hypotheses_among(&self, causes: &[usize]) -> Vec<Hypothesis> {
        let possible = |cause: &usize| self.odds.get(*cause).is_some_and(|odds| *odds > 0.0);
        let all = 0..self.odds.len();
        let mut hypotheses: Vec<_> = all.filter(possible).map(Hypothesis::one).collect();
        for (at, first) in causes.iter().enumerate().filter(|(_, cause)| possible(cause)) {
            let others = causes[at + 1..].iter().filter(|cause| possible(cause));
            hypotheses.extend(others.map(|second| Hypothesis::two(*first, *second)));
        }
        hypotheses
    }

    /// Prior odds of the hypothesis against "no cause".
    pub(crate) fn prior_odds(&self, hypothesis: Hypothesis) -> f64 {
        hypothesis.causes().iter().map(|cause| self.odds[*cause]).product()
    }

    /// The probability of the finding's presence under the hypothesis.
    pub(crate) fn presence(&self, hypothesis: Hypothesis, finding: FindingCode) -> f64 {
        let silent = 1.0 - self.catalogue.finding(finding).leak;
        let silent = hypothesis
            .causes()
            .iter()
            .fold(silent, |silent, cause| silent * self.quiet[*cause][finding.index()]);
        1.0 - silent
    }

    /// The probability of the observed state of this finding; 1: it was not observed.
    pub(crate) fn of_observed(&self, hypothesis: Hypothesis, finding: FindingCode) -> f64 {
        match self.observed[finding.index()] {
            Some(true) => self.presence(hypothesis, finding),
            Some(false) => 1.0 - self.presence(hypothesis, finding),
            None => 1.0,
        }
    }

    /// The likelihood of all findings against "no cause".
    pub(crate) fn likelihood(&self, hypothesis: Hypothesis) -> f64 {
        let ratio = |finding: FindingCode| {
            self.of_observed(hypothesis, finding) / self.of_observed(Hypothesis::NONE, finding)
        };
        let causes = hypothesis.causes();
        // All other findings are as likely as under "no cause".
        let each = causes.iter().enumerate().flat_map(|(at, cause)| {
            let counted = move |finding: FindingCode| {
                causes[..at].iter().any(|earlier| self.shows(*earlier, finding))
            };
            self.touched[*cause].iter().copied().filter(move |finding| !counted(*finding))
        });
        each.map(ratio).product()
    }
}

fn to_odds(probability: f64) -> f64 {
    let probability = probability.min(HIGHEST_PRIOR);
    probability / (1.0 - probability)
}
