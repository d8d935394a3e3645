//! The weight of each finding for or against one cause.

use crate::{
    FindingCode,
    infer::{Beliefs, Hypothesis, Model},
};

/// Hypotheses below this probability stay negligible without any single finding: the rarest leak is far
/// above it.
const NEGLIGIBLE: f64 = 1e-9;

/// The weight of one finding for one cause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weight {
    /// The finding.
    pub(crate) finding: FindingCode,
    /// 10·log₁₀ of the likelihood ratio; positive: for the cause.
    pub(crate) decibans: f64,
}

/// The weights of all observed findings for one cause, the weightiest first.
///
/// A finding that the cause can produce compares the likeliest hypothesis with this cause to the same
/// hypothesis without it, so what the other cause of a pair explains already has no weight. A finding
/// that it cannot produce only tells it from its rivals: its weight is the ratio of the cause's odds
/// with all findings to its odds without this one.
pub(crate) fn weights(model: &Model<'_>, beliefs: &Beliefs, cause: usize) -> Vec<Weight> {
    let Some(with) = beliefs.best_with(cause) else { return Vec::new() };
    let without = with.without(cause);
    let rivals = Rivals::new(beliefs, cause);
    let ratio = |finding: FindingCode| {
        if model.shows(cause, finding) {
            model.of_observed(with, finding) / model.of_observed(without, finding)
        } else {
            rivals.odds(|_| 1.0) / rivals.odds(|each| model.of_observed(each, finding))
        }
    };
    let weigh = |finding: &FindingCode| Weight {
        finding: *finding,
        decibans: 10.0 * ratio(*finding).log10(),
    };
    let weights = model.seen().iter().map(weigh).filter(|weight| weight.decibans.is_finite());
    let mut weights: Vec<Weight> = weights.collect();
    weights.sort_by(|a, b| b.decibans.abs().total_cmp(&a.decibans.abs()));
    weights
}

/// The hypotheses that are not negligible, with the cause and without it.
struct Rivals {
    with: Vec<(Hypothesis, f64)>,
    without: Vec<(Hypothesis, f64)>,
}

impl Rivals {
    fn new(beliefs: &Beliefs, cause: usize) -> Self {
        let live = beliefs.hypotheses.iter().copied().take_while(|(_, p)| *p >= NEGLIGIBLE);
        let (with, without) = live.partition(|(each, _)| each.causes().contains(&cause));
        Self { with, without }
    }

    /// The odds of the cause after dividing the probability of each hypothesis by a factor.
    fn odds(&self, factor: impl Fn(Hypothesis) -> f64) -> f64 {
        let sum = |side: &[(Hypothesis, f64)]| -> f64 {
            side.iter().map(|(hypothesis, probability)| probability / factor(*hypothesis)).sum()
        };
        sum(&self.with) / sum(&self.without)
    }
}
