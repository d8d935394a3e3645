//! Withholds "no address" where the plugins that could have found one did not answer.

use vmkit_model::{PluginOutcome, PluginStatus};
use vmkit_scoring::{Ending, Looker, Pick, Unchecked};

/// What shows each plugin and why it may not be loaded.
const LIST: &str = "vm plugin list";
/// What shows why a plugin that may be loaded fails.
const DETAILS: &str = "vm -vv status";
/// Five times the usual deadline of a call: a computer under load answers within it.
const PATIENCE: &str = "vm --timeout 5 status";

/// Withholds "no address" where the plugins that could have named one did not answer.
pub(crate) fn check(pick: &mut Pick, outcomes: &[PluginOutcome]) {
    let lookers: Vec<Looker<'_>> = outcomes.iter().map(looker).collect();
    pick.check_search(&lookers, LIST);
}

fn looker(outcome: &PluginOutcome) -> Looker<'_> {
    let (word, why) = (outcome.status.code(), outcome.message.as_deref());
    // The plugin's own way out, where it names one.
    let own = outcome.hint.as_deref();
    let failed = |hint| Ending::Failed { word, why, hint: own.unwrap_or(hint) };
    Looker {
        id: &outcome.id,
        names_addresses: outcome.names_addresses,
        ending: match outcome.status {
            PluginStatus::Ok => Ending::Answered,
            PluginStatus::Skipped => Ending::NotAsked,
            PluginStatus::Timeout => failed(PATIENCE),
            PluginStatus::Crashed | PluginStatus::Error => failed(DETAILS),
            PluginStatus::Refused | PluginStatus::Incompatible | PluginStatus::Denied => {
                failed(LIST)
            }
        },
    }
}

/// The worst of what these searches lacked; `None`: none lacked anything.
pub fn worst<'p>(picks: impl IntoIterator<Item = &'p Pick>) -> Option<&'p Unchecked> {
    let unchecked = picks.into_iter().filter_map(|pick| pick.unchecked.as_ref());
    unchecked.max_by_key(|unchecked| unchecked.lack)
}

#[cfg(test)]
mod tests {
    use vmkit_scoring::{Lack, Verdict};

    use super::*;

    fn outcome(status: PluginStatus, names_addresses: Option<bool>) -> PluginOutcome {
        let message = (status != PluginStatus::Ok).then(|| "why".to_owned());
        let id = "signal".to_owned();
        PluginOutcome {
            id,
            version: None,
            status,
            message,
            hint: None,
            elapsed: None,
            names_addresses,
        }
    }

    /// How a plugin ended, alone and beside one that answered and named nothing: what was lacking,
    /// and the hint.
    #[test]
    fn a_plugin_that_did_not_answer_decides_what_was_lacking_and_the_hint() {
        let failing = |hint| (Some((Lack::All, hint)), Some((Lack::Some, hint)));
        let rows = [
            (PluginStatus::Ok, (None, None)),
            (PluginStatus::Skipped, (Some((Lack::All, LIST)), None)),
            (PluginStatus::Refused, failing(LIST)),
            (PluginStatus::Incompatible, failing(LIST)),
            (PluginStatus::Denied, failing(LIST)),
            (PluginStatus::Crashed, failing(DETAILS)),
            (PluginStatus::Error, failing(DETAILS)),
            (PluginStatus::Timeout, failing(PATIENCE)),
        ];
        for (status, (alone, beside)) in rows {
            let ended = outcome(status, Some(true));
            let answered = outcome(PluginStatus::Ok, Some(true));
            for (outcomes, expected) in
                [(vec![ended.clone()], alone), (vec![ended, answered], beside)]
            {
                let mut pick = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
                check(&mut pick, &outcomes);
                let found = pick.unchecked.as_ref().map(|it| (it.lack, it.hint.as_str()));
                assert_eq!(found, expected, "{status}");
                assert_eq!(worst([&pick]), pick.unchecked.as_ref(), "{status}");
            }
        }
    }
}
