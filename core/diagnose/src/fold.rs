//! Which causes are shown, and which are folded under them as mere consequences.

use crate::{
    Catalogue, FindingCode, WhileBooting,
    infer::{Beliefs, Model},
};

/// From this probability on a cause is named.
pub(crate) const NAMED_FROM: f64 = 0.5;
/// Below this probability a cause is not shown.
const SHOWN_FROM: f64 = 0.05;
/// More causes than this would help nobody.
const MOST_SHOWN: usize = 5;
/// How many are shown where no cause is likely enough to be named.
const SHOWN_IN_DOUBT: usize = 2;

/// One cause that is shown, with its consequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its index in the catalogue.
    pub(crate) cause: usize,
    /// Codes of the causes that are folded under it.
    pub(crate) folded: Vec<&'static str>,
}

/// The causes to show, the likeliest first; but named ones that explain a missing address come before
/// those that never keep one from a machine. A cause that produces none of the present findings is not shown.
///
/// A consequence is folded under its cause unless it is likely in its own right: then both may be
/// present, or the consequence is the real cause.
pub(crate) fn shown(model: &Model<'_>, beliefs: &Beliefs) -> Vec<Shown> {
    let catalogue = model.catalogue;
    let mut ranked: Vec<(usize, f64)> = beliefs.marginal.iter().copied().enumerate().collect();
    ranked.retain(|(cause, probability)| {
        *cause != model.unknown() && *probability >= SHOWN_FROM && shows_something(model, *cause)
    });
    ranked.sort_by(|(one, a), (other, b)| b.total_cmp(a).then(one.cmp(other)));
    let in_doubt = ranked.first().is_none_or(|(_, probability)| *probability < NAMED_FROM);
    if model.observed(FindingCode::AddressMissing) == Some(true) {
        let explains_it = |cause| produces(catalogue, cause, FindingCode::AddressMissing);
        ranked.sort_by_key(|(cause, p)| *p < NAMED_FROM || !explains_it(*cause));
    }
    let mut shown: Vec<Shown> = Vec::new();
    for (cause, probability) in ranked {
        let over = shown.iter_mut().find(|over| follows(catalogue, over.cause, cause));
        match over {
            Some(over) if !in_doubt && probability < NAMED_FROM => {
                over.folded.push(catalogue.causes[cause].code);
            }
            _ => shown.push(Shown { cause, folded: Vec::new() }),
        }
    }
    shown.truncate(if in_doubt { SHOWN_IN_DOUBT } else { MOST_SHOWN });
    shown
}

fn follows(catalogue: &Catalogue, from: usize, cause: usize) -> bool {
    let code = catalogue.causes[cause].code;
    catalogue.causes[from].explains.iter().any(|explained| explained == code)
}

fn produces(catalogue: &Catalogue, cause: usize, finding: FindingCode) -> bool {
    catalogue.causes[cause].produces.iter().any(|(code, _)| *code == finding)
}

/// Whether a finding that the cause produces is present.
fn shows_something(model: &Model<'_>, cause: usize) -> bool {
    let mut produces = model.catalogue.causes[cause].produces.iter();
    produces.any(|(finding, _)| model.observed(*finding) == Some(true))
}

/// The present findings that no shown cause produces.
pub(crate) fn unexplained(model: &Model<'_>, shown: &[Shown]) -> Vec<FindingCode> {
    let explained = |finding: &FindingCode| {
        shown.iter().any(|each| produces(model.catalogue, each.cause, *finding))
    };
    let present = model.seen().iter().filter(|at| model.observed(**at) == Some(true));
    let is_boot = |finding: &FindingCode| {
        model.catalogue.finding(*finding).while_booting == WhileBooting::IsBoot
    };
    let left = present.filter(|finding| !explained(finding) && !is_boot(finding));
    left.copied().collect()
}
