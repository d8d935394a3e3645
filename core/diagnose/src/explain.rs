//! The page of one cause: what `vm explain CODE` shows and `docs/causes` holds.

use std::fmt::Write as _;

use crate::{
    Catalogue,
    catalogue::{Cause, Layer, Risk, Scope},
    remedy::{Values, line},
};

/// A finding that a cause shows this often or more is typical of it.
const TYPICAL_FROM: f64 = 0.5;

/// All that is known of one cause, with capitals in the place of names.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<'a> {
    /// Its code.
    pub code: &'static str,
    /// The fault, in one line.
    pub title: &'a str,
    /// Whose fault it is.
    pub layer: Layer,
    /// Why it happens.
    pub why: &'a str,
    /// How it shows.
    pub shows: &'a str,
    /// How it is told apart from others.
    pub apart: &'a str,
    /// Findings that it shows, the most frequent first, and how often, from 0 to 1.
    pub findings: Vec<(&'a str, f64)>,
    /// What can be done.
    pub remedies: Vec<Advice<'a>>,
    /// Codes of causes that only follow from it.
    pub explains: Vec<&'a str>,
    /// Where that is known from.
    pub sources: Vec<&'a str>,
}

/// One remedy on a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice<'a> {
    /// What it is, in one line.
    pub title: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// The commands that do it, one after another, for a shell.
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

impl Page<'_> {
    /// The page as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n{}.\n", self.code, self.title);
        let mut section = |head: &str, text: &str| {
            // Writing to a string cannot fail.
            let _ = write!(out, "\n## {head}\n\n{text}\n");
        };
        section("Why it happens", self.why.trim());
        section("How it shows", self.shows.trim());
        section("Told apart by", self.apart.trim());
        section("Findings", &self.finding_lines());
        section("What helps", &self.remedy_lines());
        if !self.explains.is_empty() {
            let links: Vec<String> =
                self.explains.iter().map(|code| format!("[{code}]({code}.md)")).collect();
            section("What follows from it", &format!("{}.", links.join(", ")));
        }
        let sources: Vec<String> = self.sources.iter().map(|each| format!("- {each}")).collect();
        section("Sources", &sources.join("\n"));
        out
    }

    fn finding_lines(&self) -> String {
        let line = |(says, often): &(&str, f64)| {
            let how = if *often >= TYPICAL_FROM { "typical" } else { "possible" };
            format!("- {says} ({how})")
        };
        self.findings.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn remedy_lines(&self) -> String {
        let each = self.remedies.iter().map(|remedy| {
            let mut out = format!("### {}\n\n", remedy.title);
            for (at, step) in remedy.steps.iter().enumerate() {
                let _ = writeln!(out, "{}. {step}", at + 1);
            }
            if !remedy.commands.is_empty() {
                let _ = write!(out, "\n```sh\n{}\n```\n", remedy.commands.join("\n"));
            }
            let (risk, says) = (remedy.risk.word(), remedy.risk_says);
            let _ = write!(out, "\nRisk: {risk}. {says} Scope: {}. ", remedy.scope.word());
            let _ = write!(out, "To undo: {}", remedy.undo);
            out
        });
        each.collect::<Vec<_>>().join("\n\n")
    }
}
