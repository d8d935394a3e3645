//! The page of one cause, for `vm explain CODE` and `docs/causes`.

use crate::{
    Catalogue,
    catalogue::{Cause, Layer, Risk, Scope},
    remedy::{Values, line},
};

/// All that is known about one cause. Words in capitals stand for names of this computer.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<'a> {
    /// Its code.
    pub code: &'static str,
    /// The fault, in one line.
    pub title: &'a str,
    /// Where the fault is.
    pub layer: Layer,
    /// Why it happens.
    pub why: &'a str,
    /// How it shows.
    pub shows: &'a str,
    /// How it differs from similar causes.
    pub apart: &'a str,
    /// Findings that it produces, the most frequent first, and how often, from 0 to 1.
    pub findings: Vec<(&'a str, f64)>,
    /// What can be done.
    pub remedies: Vec<Advice<'a>>,
    /// Codes of causes that are mere consequences of it.
    pub explains: Vec<&'a str>,
    /// The sources of all this.
    pub sources: Vec<&'a str>,
}

/// One remedy on a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice<'a> {
    /// What it is, in one line.
    pub title: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// The commands that do it, in order, quoted for a shell.
    pub commands: Vec<String>,
    /// How much it can break.
    pub risk: Risk,
    /// The same in words.
    pub risk_says: &'a str,
    /// Where it changes something.
    pub scope: Scope,
    /// How to take it back.
    pub undo: String,
}

/// The page of the cause with this code.
pub fn page<'a>(code: &str, catalogue: &'a Catalogue) -> Option<Page<'a>> {
    let cause = catalogue.cause(code)?;
    let mut findings: Vec<(&str, f64)> = cause
        .produces
        .iter()
        .map(|(finding, often)| (catalogue.finding(*finding).present.as_str(), *often))
        .collect();
    findings.sort_by(|a, b| b.1.total_cmp(&a.1));
    Some(Page {
        code: cause.code,
        title: &cause.title,
        layer: cause.layer,
        why: &cause.why,
        shows: &cause.shows,
        apart: &cause.apart,
        findings,
        remedies: advice(cause, catalogue),
        explains: cause.explains.iter().map(String::as_str).collect(),
        sources: cause.sources.iter().map(String::as_str).collect(),
    })
}

fn advice<'a>(cause: &Cause, catalogue: &'a Catalogue) -> Vec<Advice<'a>> {
    let values = Values::generic();
    let mut remedies = cause.remedies.clone();
    remedies.sort_by(|a, b| b.1.total_cmp(&a.1));
    let each = remedies.iter().filter_map(|(index, _)| {
        let kind = &catalogue.remedies[*index];
        let commands = [&kind.command].into_iter().chain(&kind.then);
        let filled: Option<Vec<_>> = commands.map(|words| values.argv(words)).collect();
        let lines = filled.into_iter().flatten().filter_map(|words| line(&words));
        Some(Advice {
            title: values.text(&kind.title)?,
            steps: kind.steps.iter().filter_map(|step| values.text(step)).collect(),
            commands: lines.filter(|line| !line.is_empty()).collect(),
            risk: kind.risk,
            risk_says: &kind.risk_says,
            scope: kind.scope,
            undo: values.text(&kind.undo)?,
        })
    });
    each.collect()
}
