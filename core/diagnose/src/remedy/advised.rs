//! Remedies that advice plugins propose for this network's router. Their texts are not trusted.

use vmkit_types::{Advice, Step, Word, bounded, escaped};

use super::{
    Values,
    command::{Remedy, line},
};
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

/// The proposed remedies, each with the plugin's confidence.
pub(super) fn remedies(facts: &Facts<'_>, values: &Values) -> Vec<(f64, Remedy)> {
    let Some(router) = facts.router.as_ref().known() else { return Vec::new() };
    let usable = router.remedies.iter().filter(|each| each.confidence.is_finite());
    let remedy = |each: &Advice| Remedy {
        id: shown(&each.id),
        title: shown(&each.title),
        steps: each.steps.iter().take(MOST_STEPS).map(|step| step_line(step, values)).collect(),
        command: Vec::new(),
        then: Vec::new(),
        risk: Risk::Medium,
        risk_says: "The router may restart its Wi-Fi, which disconnects everybody for a minute."
            .to_owned(),
        scope: Scope::Router,
        undo: "Set the router's setting back to what it was.".to_owned(),
        measures: FindingCode::AddressMissing,
        helps: 0.0,
    };
    usable.take(MOST_REMEDIES).map(|each| (each.confidence.clamp(0.0, 1.0), remedy(each))).collect()
}

fn shown(text: &str) -> String {
    escaped(bounded(text, LONGEST_LINE))
}

/// The text of a step, then its command where it has one that can be pasted.
fn step_line(step: &Step, values: &Values) -> String {
    let text = shown(&step.text);
    let words: Option<Vec<String>> = step.command.iter().map(|each| word(each, values)).collect();
    let command = words.filter(|words| !words.is_empty()).and_then(|words| line(&words));
    match command {
        Some(command) => format!("{text}: {command}"),
        None => text,
    }
}

/// One word of a command. `None`: it is not safe to show in a command.
fn word(word: &Word, values: &Values) -> Option<String> {
    match word {
        Word::Literal(word) => (shown(word) == *word).then(|| word.clone()),
        Word::MachineName => values.machine_name(),
    }
}
