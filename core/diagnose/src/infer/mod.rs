//! From findings to the probability of each cause: two layers of noisy-OR, exact over
//! every cause and every pair.

mod model;
mod probabilities;
#[cfg(test)]
mod tests;

pub(crate) use model::{Hypothesis, Model};
pub use probabilities::{Observed, probabilities, probabilities_among};

/// The probabilities of the causes given the findings. They presume that something is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Beliefs {
    /// All hypotheses with their probability, the likeliest first; together 1.
    pub(crate) hypotheses: Vec<(Hypothesis, f64)>,
    /// The probability of each cause, by its index in the catalogue; the last is the unknown cause.
    pub(crate) marginal: Vec<f64>,
}

impl Beliefs {
    /// The beliefs given the observed findings.
    pub(crate) fn of(model: &Model<'_>) -> Self {
        let Self { mut hypotheses, marginal } = Self::unsorted(model, model.hypotheses());
        hypotheses.sort_by(|(one, a), (other, b)| b.total_cmp(a).then_with(|| one.cmp(other)));
        Self { hypotheses, marginal }
    }

    /// The beliefs if one of these hypotheses holds, in their order.
    fn unsorted(model: &Model<'_>, hypotheses: Vec<Hypothesis>) -> Self {
        let weight = |hypothesis: Hypothesis| {
            (hypothesis, model.prior_odds(hypothesis) * model.likelihood(hypothesis))
        };
        let mut hypotheses: Vec<(Hypothesis, f64)> = hypotheses.into_iter().map(weight).collect();
        // Never 0: the unknown cause is always possible and can produce any findings.
        let total: f64 = hypotheses.iter().map(|(_, weight)| weight).sum();
        let mut marginal = vec![0.0; model.causes()];
        for (hypothesis, weight) in &mut hypotheses {
            *weight /= total;
            for cause in hypothesis.causes() {
                marginal[*cause] += *weight;
            }
        }
        Self { hypotheses, marginal }
    }

    /// The likeliest hypothesis that this cause is part of.
    pub(crate) fn best_with(&self, cause: usize) -> Option<Hypothesis> {
        let mut hypotheses = self.hypotheses.iter().map(|(hypothesis, _)| *hypothesis);
        hypotheses.find(|hypothesis| hypothesis.causes().contains(&cause))
    }
}
