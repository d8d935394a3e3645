//! Whether anybody looked: "no address" is an answer of plugins that could have named one, and the
//! silence of those that did not answer is not.

use crate::{Flag, Pick, Verdict};

/// More plugins of one fate than this are counted and not named.
const NAMES_IN_A_REASON: usize = 3;

/// One plugin that addresses may come from, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looker<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whether it can name addresses. `None`: nobody could read what it is, so it may have.
    pub names_addresses: Option<bool>,
    /// How it ended.
    pub ending: Ending<'a>,
}

/// How a plugin ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a> {
    /// It answered.
    Answered,
    /// It was left out on purpose.
    NotAsked,
    /// It was to answer and did not.
    Failed {
        /// How, in a word such as `refused`.
        word: &'a str,
        /// Why, where that is known.
        why: Option<&'a str>,
        /// What mends it.
        hint: &'a str,
    },
}

/// Why nobody can say that a machine has no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// How much was missing.
    pub lack: Lack,
    /// What was missing and why, in plain words; holds names and messages as plugins gave them.
    pub reason: String,
    /// What mends it.
    pub hint: String,
}

/// How much of a search was missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// Some plugins that can name addresses answered, and others did not.
    Some,
    /// No plugin that can name addresses answered.
    All,
}

impl Pick {
    /// Turns "no address" into "not checked" where the plugins that could have named an address did
    /// not answer. `no_plugin` is the hint where there is none.
    ///
    /// An address that was found counts whatever else failed. So does a link-local one, as long as
    /// somebody answered: the machine was seen with it.
    pub fn check_search(&mut self, lookers: &[Looker<'_>], no_plugin: &str) {
        let searched = matches!(self.verdict, Verdict::Ambiguous | Verdict::NoAddress);
        let Some(unchecked) = unchecked(lookers, no_plugin).filter(|_| searched) else { return };
        let open = self.candidates.iter().find(|candidate| candidate.struck_out.is_none());
        let link_local = open.is_some_and(|first| first.flags.contains(&Flag::LinkLocal));
        let something_was_found = self.verdict == Verdict::Ambiguous || link_local;
        if unchecked.lack == Lack::All || !something_was_found {
            self.verdict = Verdict::NotChecked;
            self.unchecked = Some(unchecked);
        }
    }
}

/// What the search for addresses lacked; `None`: nothing.
fn unchecked(lookers: &[Looker<'_>], no_plugin: &str) -> Option<Unchecked> {
    let able: Vec<&Looker<'_>> =
        lookers.iter().filter(|looker| looker.names_addresses != Some(false)).collect();
    let answered = able.iter().any(|looker| looker.ending == Ending::Answered);
    let hint = able.iter().find_map(|looker| match looker.ending {
        Ending::Failed { hint, .. } => Some(hint),
        Ending::Answered | Ending::NotAsked => None,
    });
    let (lack, says) = match (answered, hint) {
        (true, None) => return None,
        (true, Some(_)) => (Lack::Some, "not every plugin that finds addresses could be used"),
        (false, Some(_)) => (Lack::All, "no plugin that finds addresses could be used"),
        (false, None) if able.is_empty() => (Lack::All, "there is no plugin that finds addresses"),
        (false, None) => (Lack::All, "no plugin that finds addresses was asked"),
    };
    let reason = match failures(&able) {
        failures if failures.is_empty() => says.to_owned(),
        failures => format!("{says}: {failures}"),
    };
    Some(Unchecked { lack, reason, hint: hint.unwrap_or(no_plugin).to_owned() })
}

/// The plugins that failed, fate by fate, each with the reason of the first.
fn failures(able: &[&Looker<'_>]) -> String {
    let mut fates: Vec<(&str, Vec<&str>, Option<&str>)> = Vec::new();
    for looker in able {
        let Ending::Failed { word, why, .. } = looker.ending else { continue };
        match fates.iter_mut().find(|(known, ..)| *known == word) {
            Some((_, ids, _)) => ids.push(looker.id),
            None => fates.push((word, vec![looker.id], why)),
        }
    }
    let told = fates.iter().map(|(word, ids, why)| {
        let who = match ids.len() {
            few if few <= NAMES_IN_A_REASON => ids.join(", "),
            many => format!("{many} plugins"),
        };
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        format!("{who} {word}{why}")
    });
    told.collect::<Vec<_>>().join("; ")
}
