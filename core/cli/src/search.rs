//! From what became of the plugins to what scoring knows of the search.

use vmkit_host::{Outcome, Status};
use vmkit_scoring::{Ending, Lack, Looker, Pick};

use crate::exit::Exit;

/// What shows each plugin and why it may not be loaded.
const LIST: &str = "vm plugin list";
/// What shows why a plugin that may be loaded fails.
const DETAILS: &str = "vm -vv status";
/// Five times what a call may take by itself: a computer under load answers within it.
const PATIENCE: &str = "vm --timeout 5 status";

/// Withholds "no address" where the plugins that could have named one did not answer.
pub(crate) fn check(pick: &mut Pick, outcomes: &[Outcome]) {
    let lookers: Vec<Looker<'_>> = outcomes.iter().map(looker).collect();
    pick.check_search(&lookers, LIST);
}

fn looker(outcome: &Outcome) -> Looker<'_> {
    let (word, why) = (outcome.status.code(), outcome.message.as_deref());
    // The plugin's own way out, where it names one.
    let own = outcome.hint.as_deref();
    let failed = |hint| Ending::Failed { word, why, hint: own.unwrap_or(hint) };
    Looker {
        id: &outcome.id,
        names_addresses: outcome.names_addresses,
        ending: match outcome.status {
            Status::Ok => Ending::Answered,
            Status::Skipped => Ending::NotAsked,
            Status::Timeout => failed(PATIENCE),
            Status::Crashed | Status::Error => failed(DETAILS),
            Status::Refused | Status::Incompatible | Status::Denied => failed(LIST),
        },
    }
}

/// How much the search for the addresses of these machines lacked.
pub(crate) fn lack<'p>(picks: impl IntoIterator<Item = &'p Pick>) -> Option<Lack> {
    picks.into_iter().filter_map(|pick| Some(pick.unchecked.as_ref()?.lack)).max()
}

impl From<Lack> for Exit {
    fn from(lack: Lack) -> Self {
        match lack {
            Lack::Some => Self::CannotTell,
            Lack::All => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use vmkit_scoring::Verdict;

    use super::*;

    fn outcome(status: Status, names_addresses: Option<bool>) -> Outcome {
        let message = (status != Status::Ok).then(|| "why".to_owned());
        let id = "signal".to_owned();
        Outcome { id, version: None, status, message, hint: None, elapsed: None, names_addresses }
    }

    /// How a plugin ended, alone and beside one that answered and named nothing: the exit status
    /// and the hint.
    #[test]
    fn a_plugin_that_did_not_answer_decides_the_exit_status_and_the_hint() {
        let failing = |hint| (Some((Lack::All, hint)), Some((Lack::Some, hint)));
        let rows = [
            (Status::Ok, (None, None)),
            (Status::Skipped, (Some((Lack::All, LIST)), None)),
            (Status::Refused, failing(LIST)),
            (Status::Incompatible, failing(LIST)),
            (Status::Denied, failing(LIST)),
            (Status::Crashed, failing(DETAILS)),
            (Status::Error, failing(DETAILS)),
            (Status::Timeout, failing(PATIENCE)),
        ];
        for (status, (alone, beside)) in rows {
            let ended = outcome(status, Some(true));
            let answered = outcome(Status::Ok, Some(true));
            for (outcomes, expected) in
                [(vec![ended.clone()], alone), (vec![ended, answered], beside)]
            {
                let mut pick = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
                check(&mut pick, &outcomes);
                let found = pick.unchecked.as_ref().map(|it| (it.lack, it.hint.as_str()));
                assert_eq!(found, expected, "{status}");
                let exit = lack([&pick]).map(Exit::from);
                assert_ne!(exit, Some(Exit::Healthy), "{status}");
            }
        }
    }
}
