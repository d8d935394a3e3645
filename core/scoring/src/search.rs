//! Whether the search for an address was complete. "No address" needs answers of plugins that could
//! have named one; plugins that failed prove nothing.

use vmkit_types::attribute;

use crate::{Flag, Lack, Pick, Unchecked, Verdict};

/// Most plugins with the same outcome that are named; more are counted.
const NAMES_IN_A_REASON: usize = 3;

/// How a plugin ended that answered but could not look for one machine.
const COULD_NOT_LOOK: &str = "could not look";

/// A plugin that may name addresses, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looker<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whether it can name addresses. `None`: its manifest could not be read, so it might.
    pub names_addresses: Option<bool>,
    /// How it ended.
    pub ending: Ending<'a>,
}

/// How a plugin ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a> {
    /// It answered.
    Answered,
    /// It was not asked.
    NotAsked,
    /// It answered, but had nothing to look at for this machine; what was missing.
    NothingToLookAt(&'a str),
    /// It was asked and did not answer.
    Failed {
        /// Its status, such as `refused`.
        word: &'a str,
        /// Why, if known.
        why: Option<&'a str>,
        /// The command that helps.
        hint: &'a str,
    },
}

/// Commands that help if the plugins name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hints {
    /// If there is no plugin.
    pub no_plugin: String,
    /// If a plugin was denied access to its source.
    pub denied: String,
    /// If a plugin could not look for another reason.
    pub not_seen: String,
}

impl Pick {
    /// Turns "no address" into "not checked" if plugins that could have named an address did not
    /// answer, or reported that they could not look for this machine.
    ///
    /// An address that was found counts even if other plugins failed. So does a link-local one,
    /// provided that a plugin answered.
    pub fn check_search(&mut self, lookers: &[Looker<'_>], hints: &Hints) {
        if !matches!(self.verdict, Verdict::Ambiguous | Verdict::NoAddress) {
            return;
        }
        let lookers: Vec<Looker<'_>> =
            lookers.iter().map(|looker| self.looked(looker, hints)).collect();
        let Some(unchecked) = unchecked(&lookers, hints) else { return };
        let open = self.candidates.iter().find(|candidate| candidate.struck_out.is_none());
        let link_local = open.is_some_and(|first| first.flags.contains(&Flag::LinkLocal));
        let something_was_found = self.verdict == Verdict::Ambiguous || link_local;
        if unchecked.lack == Lack::All || !something_was_found {
            self.verdict = Verdict::NotChecked;
            self.unchecked = Some(unchecked);
        }
    }

    /// How this plugin ended as far as this machine is concerned.
    fn looked<'a>(&'a self, looker: &Looker<'a>, hints: &'a Hints) -> Looker<'a> {
        let reported = self.unread.iter().map(|item| (&*item.plugin, &item.observation));
        // What is about one address was seen after the search.
        let own = reported.filter(|(id, seen)| *id == looker.id && seen.address.is_none());
        let mut unread = own.map(|(_, seen)| (seen.attribute(attribute::REASON), &*seen.says));
        let nothing = |reason| matches!(reason, Some("not-tried" | "timed-out" | "unsupported"));
        let ending = match looker.ending {
            Ending::Answered => match unread.clone().find(|(reason, _)| !nothing(*reason)) {
                Some((reason, why)) => Ending::Failed {
                    word: COULD_NOT_LOOK,
                    why: Some(why),
                    hint: if reason == Some("denied") { &hints.denied } else { &hints.not_seen },
                },
                None => unread
                    .next()
                    .map_or(Ending::Answered, |(_, what)| Ending::NothingToLookAt(what)),
            },
            ended => ended,
        };
        Looker { ending, ..*looker }
    }
}

/// What the search for addresses lacked; `None`: it was complete.
fn unchecked(lookers: &[Looker<'_>], hints: &Hints) -> Option<Unchecked> {
    let able: Vec<&Looker<'_>> =
        lookers.iter().filter(|looker| looker.names_addresses != Some(false)).collect();
    let answered = able.iter().any(|looker| looker.ending == Ending::Answered);
    let hint = able.iter().find_map(|looker| match looker.ending {
        Ending::Failed { hint, .. } => Some(hint),
        Ending::Answered | Ending::NotAsked | Ending::NothingToLookAt(_) => None,
    });
    let nothing = able.iter().find_map(|looker| match looker.ending {
        Ending::NothingToLookAt(what) => Some(what),
        _ => None,
    });
    if let (false, None, Some(what)) = (answered, hint, nothing) {
        let reason = format!("plugins that find addresses had nothing to look at: {what}");
        return Some(Unchecked { lack: Lack::All, reason, hint: hints.not_seen.clone() });
    }
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
    Some(Unchecked { lack, reason, hint: hint.unwrap_or(&hints.no_plugin).to_owned() })
}

/// The plugins that failed, by status, each with the reason of the first one.
fn failures(able: &[&Looker<'_>]) -> String {
    let mut failures: Vec<(&str, Vec<&str>, Option<&str>)> = Vec::new();
    for looker in able {
        let Ending::Failed { word, why, .. } = looker.ending else { continue };
        let same = |(known, _, reason): &&mut (&str, Vec<&str>, Option<&str>)| {
            *known == word && (word != COULD_NOT_LOOK || *reason == why)
        };
        match failures.iter_mut().find(same) {
            Some((_, ids, _)) => ids.push(looker.id),
            None => failures.push((word, vec![looker.id], why)),
        }
    }
    let statuses = failures.iter().map(|(word, ids, why)| {
        let who = match ids.len() {
            few if few <= NAMES_IN_A_REASON => ids.join(", "),
            many => format!("{many} plugins"),
        };
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        format!("{who} {word}{why}")
    });
    statuses.collect::<Vec<_>>().join("; ")
}
