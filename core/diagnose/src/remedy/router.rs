//! Advice of plugins for the router at hand. Their text is not trusted.

use vmkit_types::{bounded, escaped};

use super::Remedy;
use crate::{
    Facts, FindingCode,
    catalogue::{Risk, Scope},
};

/// Bytes of one line of advice.
const LONGEST_LINE: usize = 400;
/// Steps of one piece of advice.
const MOST_STEPS: usize = 12;
/// Pieces of advice for one cause.
const MOST_REMEDIES: usize = 4;

/// How sure each piece of advice is, and the advice.
pub(super) fn advice(facts: &Facts<'_>) -> Vec<(f64, Remedy)> {
    let Some(router) = facts.router.as_ref().known() else { return Vec::new() };
    let line = |text: &str| escaped(bounded(text, LONGEST_LINE));
    let usable = router.remedies.iter().filter(|each| each.confidence.is_finite());
    let remedy = |each: &crate::RouterRemedy| Remedy {
        id: line(&each.id),
        title: line(&each.title),
        steps: each.steps.iter().take(MOST_STEPS).map(|step| line(step)).collect(),
        command: Vec::new(),
        then: Vec::new(),
        risk: Risk::Medium,
        risk_says: "The router may restart its Wi-Fi, which cuts everybody off for a minute."
            .to_owned(),
        scope: Scope::Router,
        undo: "Set the router's setting back to what it was.".to_owned(),
        measures: FindingCode::AddressMissing,
        helps: 0.0,
    };
    usable.take(MOST_REMEDIES).map(|each| (each.confidence.clamp(0.0, 1.0), remedy(each))).collect()
}
