//! What can be done, in documents.

use std::borrow::Cow;

use serde::Serialize;
use vmkit_diagnose::Remedy;

use super::probability;
use crate::clean::stored;

/// One thing that can be done.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RemedyDocument<'a> {
    id: Cow<'a, str>,
    title: Cow<'a, str>,
    /// What to do, in order.
    steps: Vec<Cow<'a, str>>,
    /// A program and its arguments; empty where no command does it.
    command: Vec<Cow<'a, str>>,
    /// What is run after it, each if the one before succeeded.
    then: Vec<Vec<Cow<'a, str>>>,
    /// `none`, `low`, … in one word.
    risk: &'static str,
    /// The same in words.
    risk_says: Cow<'a, str>,
    /// `guest`, `vm`, `host` or `router`.
    scope: &'static str,
    /// How to take it back.
    undo: Cow<'a, str>,
    /// The finding to look at again before success is claimed.
    measures: &'static str,
    /// How likely it helps, where this is the cause.
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
