//! The probabilities of all causes for findings that are given by their names.

use super::{Beliefs, Model};
use crate::{Catalogue, Finding, FindingCode, State, circumstance::Circumstance};

/// What a diagnosis was made from: names as in a report of the doctor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Circumstances that are known to hold, such as `mode:bridged`.
    pub circumstances: Vec<String>,
    /// Findings that were looked at, and whether they are present.
    pub findings: Vec<(FindingCode, bool)>,
}

/// The probability of each cause, in the order of [`Catalogue::causes`], and of a cause that is not in the
/// catalogue as the last. They presume that something is wrong. Unknown names of circumstances change
/// nothing.
pub fn probabilities(catalogue: &Catalogue, observed: &Observed) -> Vec<f64> {
    with_model(catalogue, observed, |model| Beliefs::unsorted(model, model.hypotheses()).marginal)
}

/// The same if no more than one cause holds, or two of these, by their index: many times faster, and close
/// where these are the causes that matter.
pub fn probabilities_among(
    catalogue: &Catalogue,
    observed: &Observed,
    causes: &[usize],
) -> Vec<f64> {
    let among =
        |model: &Model<'_>| Beliefs::unsorted(model, model.hypotheses_among(causes)).marginal;
    with_model(catalogue, observed, among)
}

fn with_model(
    catalogue: &Catalogue,
    observed: &Observed,
    answer: impl FnOnce(&Model<'_>) -> Vec<f64>,
) -> Vec<f64> {
    let named = observed.circumstances.iter();
    let circumstances: Vec<_> = named.filter_map(|name| Circumstance::from_name(name)).collect();
    let finding = |(code, present): &(FindingCode, bool)| Finding {
        code: *code,
        state: if *present { State::Present(String::new()) } else { State::Absent(String::new()) },
    };
    let findings: Vec<Finding> = observed.findings.iter().map(finding).collect();
    answer(&Model::new(catalogue, &circumstances, &findings))
}
