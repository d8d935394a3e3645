//! What can be done about a cause on this very computer.

mod router;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use values::Values;

use crate::{
    Catalogue, Facts, FindingCode,
    catalogue::{Cause, RemedyKind, Risk, Scope},
    circumstance::Circumstance,
};

/// The remedy in whose place the advice for the router at hand goes.
const ROUTER_SETTING: &str = "router-setting";

/// One thing that can be done, with the names of this computer filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// Its code; that of a router's advice comes from its plugin.
    pub id: String,
    /// What it is, in one line.
    pub title: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// A program and its arguments; empty where no command does it.
    pub command: Vec<String>,
    /// What is run after it, each if the one before succeeded.
    pub then: Vec<Vec<String>>,
    /// How much it can break.
    pub risk: Risk,
    /// The same in words.
    pub risk_says: String,
    /// Where it changes something.
    pub scope: Scope,
    /// How to take it back.
    pub undo: String,
    /// The finding to look at again before success is claimed.
    pub measures: FindingCode,
    /// How likely it helps, where this is the cause, from 0 to 1.
    pub helps: f64,
}

impl Remedy {
    /// All that is run, in its order; nothing where no command does it.
    pub fn commands(&self) -> impl Iterator<Item = &[String]> {
        let all = std::iter::once(&self.command).chain(&self.then);
        all.map(Vec::as_slice).filter(|words| !words.is_empty())
    }

    /// The same as lines that a shell takes as they are meant.
    pub fn command_lines(&self) -> Vec<String> {
        self.commands().filter_map(line).collect()
    }
}

/// Words as a shell takes them.
pub(crate) fn line(words: &[String]) -> Option<String> {
    // Fails only for text with NUL, which no placeholder lets through.
    shlex::try_join(words.iter().map(String::as_str)).ok()
}

/// The remedies of one cause, the best first: what helps whichever cause it is, at little risk.
pub(crate) fn remedies(
    cause: &Cause,
    facts: &Facts<'_>,
    circumstances: &[Circumstance],
    marginal: &[f64],
    catalogue: &Catalogue,
    values: &Values,
) -> Vec<Remedy> {
    let mut found: Vec<(f64, Remedy)> = Vec::new();
    for (index, helps) in &cause.remedies {
        let kind = &catalogue.remedies[*index];
        if !kind.only.iter().all(|each| each.is_possible(circumstances)) {
            continue;
        }
        let helps_in_all = likely_to_help(*index, marginal, catalogue);
        let advice = if kind.id == ROUTER_SETTING { router::advice(facts) } else { Vec::new() };
        if advice.is_empty() {
            let remedy = filled(kind, *helps, values);
            found.extend(remedy.map(|remedy| (helps_in_all * safety(remedy.risk), remedy)));
        }
        for (sure, remedy) in advice {
            let rank = helps_in_all * safety(remedy.risk) * (1.0 + sure) / 2.0;
            found.push((rank, Remedy { helps: helps * sure, ..remedy }));
        }
    }
    found.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.id.cmp(&other.id)));
    found.into_iter().map(|(_, remedy)| remedy).collect()
}

/// The probability that a remedy helps, over all causes that it is good for.
fn likely_to_help(remedy: usize, marginal: &[f64], catalogue: &Catalogue) -> f64 {
    let each = catalogue.causes.iter().zip(marginal).map(|(cause, probability)| {
        let helps = cause.remedies.iter().find(|(index, _)| *index == remedy);
        helps.map_or(0.0, |(_, helps)| helps * probability)
    });
    each.sum()
}

/// What is left of a remedy's worth for what it can break.
fn safety(risk: Risk) -> f64 {
    match risk {
        Risk::None => 1.0,
        Risk::Low => 0.95,
        Risk::Medium => 0.75,
        Risk::High => 0.4,
    }
}

/// The remedy on this computer; `None`: it needs something that this computer does not have.
fn filled(kind: &RemedyKind, helps: f64, values: &Values) -> Option<Remedy> {
    let steps: Vec<String> = kind.steps.iter().filter_map(|step| values.text(step)).collect();
    if steps.is_empty() {
        return None;
    }
    // All or none: half of it leaves the computer in between.
    let commands = [&kind.command].into_iter().chain(&kind.then);
    let filled: Option<Vec<_>> = commands.map(|words| values.argv(words)).collect();
    let mut commands = filled.unwrap_or_default().into_iter();
    Some(Remedy {
        id: kind.id.to_owned(),
        title: values.text(&kind.title)?,
        steps,
        command: commands.next().unwrap_or_default(),
        then: commands.collect(),
        risk: kind.risk,
        risk_says: kind.risk_says.clone(),
        scope: kind.scope,
        undo: values.text(&kind.undo)?,
        measures: kind.measures,
        helps,
    })
}
