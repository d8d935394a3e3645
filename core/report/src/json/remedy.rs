//! Remedies in documents.

use std::borrow::Cow;

use serde::Serialize;
use vmkit_diagnose::Remedy;

use super::probability;
use crate::clean::stored;

/// A remedy.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RemedyDocument<'a> {
    id: Cow<'a, str>,
    title: Cow<'a, str>,
    /// What to do, in order.
    steps: Vec<Cow<'a, str>>,
    /// A program and its arguments; empty: no command does it.
    command: Vec<Cow<'a, str>>,
    /// The commands after it, each run if the one before succeeded.
    then: Vec<Vec<Cow<'a, str>>>,
    /// `none`, `low`, … in one word.
    risk: &'static str,
    /// The same in words.
    risk_says: Cow<'a, str>,
    /// `guest`, `vm`, `host` or `router`.
    scope: &'static str,
    /// How to undo it.
    undo: Cow<'a, str>,
    /// The finding that is measured again before it counts as fixed.
    measures: &'static str,
    /// The probability that it helps against this cause.
    helps: f64,
}

impl<'a> RemedyDocument<'a> {
    pub(super) fn new(remedy: &'a Remedy) -> Self {
        Self {
            id: stored(&remedy.id),
            title: stored(&remedy.title),
            steps: remedy.steps.iter().map(|step| stored(step)).collect(),
            command: remedy.command.iter().map(|word| stored(word)).collect(),
            then: remedy
                .then
                .iter()
                .map(|words| words.iter().map(|w| stored(w)).collect())
                .collect(),
            risk: remedy.risk.word(),
            risk_says: stored(&remedy.risk_says),
            scope: remedy.scope.word(),
            undo: stored(&remedy.undo),
            measures: remedy.measures.code(),
            helps: probability(remedy.helps),
        }
    }
}
