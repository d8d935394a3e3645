//! What can be done about a cause on this computer.

mod advised;
mod command;
#[cfg(test)]
mod tests;
mod values;

pub use command::Remedy;
pub(crate) use command::line;
pub(crate) use values::Values;

use crate::{
    Catalogue, Facts,
    catalogue::{Cause, RemedyKind, Risk},
    circumstance::Circumstance,
};

/// The remedies of one cause, the best first: likely to help whichever cause it is, at little risk.
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
        let advice =
            if kind.replaced_by_advice { advised::remedies(facts, values) } else { Vec::new() };
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

/// The probability that a remedy helps, over all causes that it helps against.
fn likely_to_help(remedy: usize, marginal: &[f64], catalogue: &Catalogue) -> f64 {
    let each = catalogue.causes.iter().zip(marginal).map(|(cause, probability)| {
        let helps = cause.remedies.iter().find(|(index, _)| *index == remedy);
        helps.map_or(0.0, |(_, helps)| helps * probability)
    });
    each.sum()
}

/// The factor by which its risk lowers a remedy's rank.
fn safety(risk: Risk) -> f64 {
    match risk {
        Risk::None => 1.0,
        Risk::Low => 0.95,
        Risk::Medium => 0.75,
        Risk::High => 0.4,
    }
}

/// The remedy with the names of this computer; `None`: a name is missing.
fn filled(kind: &RemedyKind, helps: f64, values: &Values) -> Option<Remedy> {
    if kind.steps.iter().all(|step| values.text(step).is_none()) {
        return None;
    }
    // All commands or none: running only some would leave the work half done.
    let commands = [&kind.command].into_iter().chain(&kind.then);
    let filled: Option<Vec<_>> = commands.map(|words| values.argv(words)).collect();
    let steps = steps(kind, filled.is_none(), values);
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

/// The steps whose names are known. Where a name that its command needs is missing, the person does the work:
/// the steps with a name of the command stay, with a word in capitals in place of the name.
fn steps(kind: &RemedyKind, without_command: bool, values: &Values) -> Vec<String> {
    let in_command = |name: &str| {
        let mut words = kind.command.iter().chain(kind.then.iter().flatten());
        words.any(|word| word.contains(&format!("{{{name}}}")))
    };
    let by_hand =
        |step: &String| without_command.then(|| values.text_with_words(step, in_command)).flatten();
    kind.steps.iter().filter_map(|step| values.text(step).or_else(|| by_hand(step))).collect()
}
