//! Compares what a plugin did with the rules.

use vmkit_host::{Plugin, TrialEnd, TrialPlace, try_out};
use vmkit_types::ListedMachine;

use super::{
    Evidence, Judgement, Outcome, evidence,
    exercises::{exercises, listing},
    rules::{self, Aspect, RULES, Rule},
};

/// Most sentences about one rule.
const MOST: usize = 8;
/// Why a rule about calls says nothing of a plugin that none could be made to.
const NOT_LOADED: &str = "the plugin could not be loaded";

/// Why a call that the system refused says nothing.
const REFUSED: &str = "this computer refuses it something that it needs";
/// Why no other rule says anything of a plugin without a manifest.
const NO_MANIFEST: &str = "its manifest cannot be read";

/// Tries the plugin out, in workers that are confined as in a run, and judges it. Nobody has to have
/// agreed to the plugin: the caller has asked.
///
/// `configured`: its configuration, a JSON object as text.
pub fn check(plugin: &Plugin, place: TrialPlace<'_>, configured: &str) -> Vec<Judgement> {
    let manifest = &plugin.manifest;
    let records = exercises(manifest, configured).into_iter().map(|(purpose, exercise)| {
        let record = try_out(plugin, place, &exercise);
        (purpose, record)
    });
    judge(&Evidence { manifest, records: records.collect() })
}

/// The machines that this inventory lists on this computer.
///
/// # Errors
/// Why it lists none, in a sentence.
pub fn list_machines(
    plugin: &Plugin,
    place: TrialPlace<'_>,
    configured: &str,
) -> Result<Vec<ListedMachine>, String> {
    let record = try_out(plugin, place, &listing(configured));
    match record.calls.into_iter().next() {
        Some(call) if call.end == TrialEnd::Done => Ok(call.machines),
        Some(call) => Err(evidence::in_words(&call.end).unwrap_or_default()),
        None => Err(rules::loading(&record.loaded).unwrap_or_default()),
    }
}

/// The judgement of a file whose manifest cannot be read, for this reason.
pub fn without_manifest(why: String) -> Vec<Judgement> {
    let mut why = Some(why);
    let judgement = |rule: &Rule| {
        let outcome = match why.take() {
            Some(why) => Outcome::Broken(vec![why]),
            None => Outcome::NotChecked(NO_MANIFEST),
        };
        Judgement { id: rule.id, says: rule.says, change: rule.change, outcome }
    };
    RULES.iter().map(judgement).collect()
}

/// How the plugin stands to each rule that is about its kinds.
fn judge(evidence: &Evidence<'_>) -> Vec<Judgement> {
    let is_loaded = evidence.is_loaded();
    let rules = RULES.iter().filter(|rule| (rule.is_about)(evidence.manifest));
    rules
        .map(|rule| {
            let mut broken = (rule.broken)(evidence);
            broken.dedup();
            broken.truncate(MOST);
            let outcome = match rule.looks_at {
                Aspect::Calls | Aspect::Ends(_) if !is_loaded => Outcome::NotChecked(NOT_LOADED),
                _ if !broken.is_empty() => Outcome::Broken(broken),
                Aspect::Ends(purpose) if evidence.is_refused(purpose) => {
                    Outcome::NotChecked(REFUSED)
                }
                _ => Outcome::Kept,
            };
            Judgement { id: rule.id, says: rule.says, change: rule.change, outcome }
        })
        .collect()
}
