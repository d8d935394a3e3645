//! Withholds "no address" where the plugins that could have found one did not answer.

use std::time::Duration;

use vmkit_model::{CommandPlace, PluginOutcome, PluginStatus};
use vmkit_scoring::{Ending, Hints, Looker, Pick, Unchecked};

/// How many times more time is suggested where a plugin gave no answer: a computer under load
/// answers within it.
const MORE_TIME: u32 = 5;
/// Longest time that `--timeout` takes.
const LONGEST: Duration = Duration::from_hours(1);

/// What was looked at, and with how much time: the commands that lead on look there again.
#[derive(Clone, Debug)]
pub(crate) struct Commands {
    /// The place that was looked at.
    pub(crate) place: CommandPlace,
    /// The machines that were asked for by name.
    pub(crate) names: Vec<String>,
    /// How long one call of a plugin may take.
    pub(crate) call_deadline: Duration,
    /// This run has root's rights.
    pub(crate) privileged: bool,
}

impl Commands {
    /// What shows each plugin and why it may not be loaded.
    fn list(&self) -> String {
        self.line(&["vm", "plugin", "list"], &[])
    }

    /// What shows why a plugin that may be loaded fails.
    fn details(&self) -> String {
        self.line(&["vm", "-vv", "status"], &self.names)
    }

    /// What gives plugins more time. A snapshot answers at once, or its reader is at fault.
    fn patience(&self) -> String {
        if self.place.record.is_some() || self.call_deadline >= LONGEST {
            return self.details();
        }
        let more = (self.call_deadline * MORE_TIME).min(LONGEST);
        self.line(&["vm", "--timeout", &more.as_secs_f64().to_string(), "status"], &self.names)
    }

    /// What looks with root's rights.
    fn with_rights(&self) -> String {
        if self.place.record.is_some() || self.privileged {
            return self.details();
        }
        self.line(&["sudo", "vm", "status"], &self.names)
    }

    /// A command line that can be pasted.
    fn line(&self, command: &[&str], names: &[String]) -> String {
        let names = names.iter().map(String::as_str);
        let words: Vec<&str> = command.iter().copied().chain(names).collect();
        let words = self.place.words(&words);
        let words = words.iter().map(String::as_str);
        shlex::try_join(words.clone()).unwrap_or_else(|_| words.collect::<Vec<_>>().join(" "))
    }
}

/// Withholds "no address" where the plugins that could have named one did not answer, or could not
/// look for the machine.
pub(crate) fn check<'p>(
    picks: impl IntoIterator<Item = &'p mut Pick>,
    outcomes: &[PluginOutcome],
    commands: &Commands,
) {
    let hints = Hints {
        no_plugin: commands.list(),
        denied: commands.with_rights(),
        not_seen: commands.details(),
    };
    let patience = commands.patience();
    let looker = |outcome| looker(outcome, &hints, &patience);
    let lookers: Vec<Looker<'_>> = outcomes.iter().map(looker).collect();
    for pick in picks {
        pick.check_search(&lookers, &hints);
    }
}

fn looker<'a>(outcome: &'a PluginOutcome, hints: &'a Hints, patience: &'a str) -> Looker<'a> {
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
            PluginStatus::Timeout => failed(patience),
            PluginStatus::Crashed | PluginStatus::Error => failed(&hints.not_seen),
            PluginStatus::Refused | PluginStatus::Incompatible | PluginStatus::Denied => {
                failed(&hints.no_plugin)
            }
        },
    }
}

/// The least complete of these searches; `None`: all were complete.
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

    fn commands() -> Commands {
        Commands {
            place: CommandPlace::default(),
            names: Vec::new(),
            call_deadline: Duration::from_secs(1),
            privileged: false,
        }
    }

    /// How a plugin ended, alone and beside one that answered and named nothing: what was lacking,
    /// and the hint.
    #[test]
    fn a_plugin_that_did_not_answer_decides_what_was_lacking_and_the_hint() {
        const LIST: &str = "vm plugin list";
        const DETAILS: &str = "vm -vv status";
        let failing = |hint| (Some((Lack::All, hint)), Some((Lack::Some, hint)));
        let rows = [
            (PluginStatus::Ok, (None, None)),
            (PluginStatus::Skipped, (Some((Lack::All, LIST)), None)),
            (PluginStatus::Refused, failing(LIST)),
            (PluginStatus::Incompatible, failing(LIST)),
            (PluginStatus::Denied, failing(LIST)),
            (PluginStatus::Crashed, failing(DETAILS)),
            (PluginStatus::Error, failing(DETAILS)),
            (PluginStatus::Timeout, failing("vm --timeout 5 status")),
        ];
        for (status, (alone, beside)) in rows {
            let ended = outcome(status, Some(true));
            let answered = outcome(PluginStatus::Ok, Some(true));
            for (outcomes, expected) in
                [(vec![ended.clone()], alone), (vec![ended, answered], beside)]
            {
                let mut pick = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
                check([&mut pick], &outcomes, &commands());
                let found = pick.unchecked.as_ref().map(|it| (it.lack, it.hint.as_str()));
                assert_eq!(found, expected, "{status}");
                assert_eq!(worst([&pick]), pick.unchecked.as_ref(), "{status}");
            }
        }
    }

    /// Where and how was looked; the commands after a timeout, a failure and a denial.
    #[test]
    fn the_hint_looks_at_the_same_place_again_and_gives_more_time_than_before() {
        let named = || Commands { names: vec!["web".into()], ..commands() };
        let place = || CommandPlace {
            data_dir: Some("/srv/my vms".into()),
            config: Some("/c".into()),
            ..CommandPlace::default()
        };
        let placed = || Commands { place: place(), ..named() };
        let within = |seconds| Commands { call_deadline: Duration::from_secs(seconds), ..named() };
        let of_record = CommandPlace { record: Some("/tmp/a record".into()), ..place() };
        let recorded = || Commands { place: of_record.clone(), ..named() };
        let record = "vm --config /c -vv status web --from '/tmp/a record'";
        let rows = [
            (commands(), "vm --timeout 5 status", "vm -vv status", "sudo vm status"),
            (
                placed(),
                "vm --data-dir '/srv/my vms' --config /c --timeout 5 status web",
                "vm --data-dir '/srv/my vms' --config /c -vv status web",
                "sudo vm --data-dir '/srv/my vms' --config /c status web",
            ),
            (within(10), "vm --timeout 50 status web", "vm -vv status web", "sudo vm status web"),
            (
                within(1000),
                "vm --timeout 3600 status web",
                "vm -vv status web",
                "sudo vm status web",
            ),
            (within(3600), "vm -vv status web", "vm -vv status web", "sudo vm status web"),
            (
                Commands { privileged: true, ..commands() },
                "vm --timeout 5 status",
                "vm -vv status",
                "vm -vv status",
            ),
            (recorded(), record, record, record),
        ];
        for (commands, timeout, failure, denial) in rows {
            let found = [commands.patience(), commands.details(), commands.with_rights()];
            assert_eq!(found, [timeout, failure, denial], "{commands:?}");
        }
    }
}
