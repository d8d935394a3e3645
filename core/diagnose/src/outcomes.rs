//! What looking at further findings could tell: every combination of their outcomes is tried.

use vmkit_types::Unread;

use crate::{
    Finding, FindingCode, State,
    catalogue::Test,
    fold::NAMED_FROM,
    infer::{Beliefs, Hypothesis, Model},
};

/// Hypotheses below this probability change no outcome noticeably.
const LEAST_PROBABILITY: f64 = 1e-4;
/// Findings that are weighed together: each doubles the number of outcomes.
const MOST_FINDINGS: usize = 6;

/// The hypotheses that are left, before further findings are looked at.
pub(crate) struct Outcomes<'m, 'c> {
    model: &'m Model<'c>,
    live: Vec<(Hypothesis, f64)>,
}

/// What a diagnosis says: the likeliest known cause, and the causes that are likely enough to be
/// named.
#[derive(PartialEq, Eq)]
struct Answer {
    first: Option<usize>,
    named: Vec<usize>,
}

impl<'m, 'c> Outcomes<'m, 'c> {
    pub(crate) fn new(model: &'m Model<'c>, beliefs: &Beliefs) -> Self {
        let hypotheses = beliefs.hypotheses.iter().copied();
        let mut live: Vec<_> = hypotheses.take_while(|(_, p)| *p >= LEAST_PROBABILITY).collect();
        let mass: f64 = live.iter().map(|(_, probability)| probability).sum();
        for (_, probability) in &mut live {
            *probability /= mass;
        }
        Self { model, live }
    }

    /// The mutual information of the hypotheses and the outcome of looking at these findings, in
    /// bits.
    pub(crate) fn gain(&self, open: Vec<FindingCode>) -> f64 {
        self.joint_gain(&self.most_telling(open))
    }

    /// The probability that the diagnosis says something else after looking at these findings.
    pub(crate) fn change(&self, open: Vec<FindingCode>) -> f64 {
        let open = self.most_telling(open);
        let today = self.answer(&self.live);
        let outcomes = 0..1usize << open.len();
        let changed = outcomes.map(|outcome| {
            let after: Vec<(Hypothesis, f64)> = self
                .live
                .iter()
                .map(|(hypothesis, p)| {
                    (*hypothesis, p * self.likelihood(*hypothesis, &open, outcome))
                })
                .collect();
            if self.answer(&after) == today { 0.0 } else { total(&after) }
        });
        changed.sum()
    }

    /// The probability of this outcome, whose bits say which of the findings are present.
    fn likelihood(&self, hypothesis: Hypothesis, open: &[FindingCode], outcome: usize) -> f64 {
        let each = open.iter().enumerate().map(|(at, finding)| {
            let present = self.model.presence(hypothesis, *finding);
            if outcome & (1 << at) != 0 { present } else { 1.0 - present }
        });
        each.product()
    }

    fn answer(&self, live: &[(Hypothesis, f64)]) -> Answer {
        let mut marginal = vec![0.0; self.model.causes()];
        for (hypothesis, probability) in live {
            hypothesis.causes().iter().for_each(|cause| marginal[*cause] += probability);
        }
        let known =
            marginal.iter().copied().enumerate().filter(|(at, _)| *at != self.model.unknown());
        let first = known.clone().max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(at, _)| at);
        let least = NAMED_FROM * total(live);
        Answer { first, named: known.filter(|(_, p)| *p >= least).map(|(at, _)| at).collect() }
    }

    /// The findings that tell the most on their own, at most as many as can be weighed together.
    fn most_telling(&self, open: Vec<FindingCode>) -> Vec<FindingCode> {
        if open.len() <= MOST_FINDINGS {
            return open;
        }
        let mut ranked: Vec<(f64, FindingCode)> =
            open.into_iter().map(|finding| (self.joint_gain(&[finding]), finding)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked.into_iter().take(MOST_FINDINGS).map(|(_, finding)| finding).collect()
    }

    fn joint_gain(&self, open: &[FindingCode]) -> f64 {
        let mut outcomes = vec![0.0; 1 << open.len()];
        let mut uncertainty_within = 0.0;
        for (hypothesis, share) in &self.live {
            // Findings are independent of each other once the causes are known.
            let mut joint = vec![*share];
            for finding in open {
                let present = self.model.presence(*hypothesis, *finding);
                joint = joint.iter().flat_map(|p| [p * present, p * (1.0 - present)]).collect();
                uncertainty_within += share * (bits(present) + bits(1.0 - present));
            }
            outcomes.iter_mut().zip(joint).for_each(|(sum, each)| *sum += each);
        }
        let uncertainty: f64 = outcomes.into_iter().map(bits).sum();
        (uncertainty - uncertainty_within).max(0.0)
    }
}

/// The findings that this test would reveal and that are not known yet.
pub(crate) fn open(test: &Test, model: &Model<'_>, findings: &[Finding]) -> Vec<FindingCode> {
    let hidden = |finding: FindingCode| {
        findings.iter().any(|each| {
            each.code == finding && each.state == State::NotObserved(Unread::Unsupported)
        })
    };
    let reveals = test.reveals.iter().copied();
    reveals.filter(|at| model.observed(*at).is_none() && !hidden(*at)).collect()
}

fn total(live: &[(Hypothesis, f64)]) -> f64 {
    live.iter().map(|(_, probability)| probability).sum()
}

fn bits(probability: f64) -> f64 {
    if probability > 0.0 { -probability * probability.log2() } else { 0.0 }
}
