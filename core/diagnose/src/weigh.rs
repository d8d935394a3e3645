//! What each finding says for or against one cause.

use crate::infer::{Beliefs, Model};

/// The weight of one finding for one cause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weight {
    /// Index of the finding.
    pub(crate) finding: usize,
    /// 10·log₁₀ of the likelihood ratio: positive speaks for the cause.
    pub(crate) decibans: f64,
}

/// The weights of all observed findings for one cause, the weightiest first.
///
/// Compared are the likeliest hypothesis that the cause is part of and the same hypothesis without
/// it. What the other cause of the pair explains already weighs nothing here, and the weights add
/// up: with the prior odds they give the odds between the two hypotheses.
pub(crate) fn weights(model: &Model<'_>, beliefs: &Beliefs, cause: usize) -> Vec<Weight> {
    let Some(with) = beliefs.best_with(cause) else { return Vec::new() };
    let without = with.without(cause);
    let weigh = |finding: &usize| {
        let ratio = model.of_observed(with, *finding) / model.of_observed(without, *finding);
        Weight { finding: *finding, decibans: 10.0 * ratio.log10() }
    };
    let mut weights: Vec<Weight> = model.seen().iter().map(weigh).collect();
    weights.sort_by(|a, b| b.decibans.abs().total_cmp(&a.decibans.abs()));
    weights
}
