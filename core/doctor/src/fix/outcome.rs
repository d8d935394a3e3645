//! Whether a remedy has helped, by measurements before and after it.

use vmkit_diagnose::{FixOutcome, State};
use vmkit_rights::CommandResult;

/// What the commands of a remedy did.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// Their output, and how the last one that ran has ended.
    pub(crate) result: CommandResult,
    /// Why a later one did not start.
    pub(crate) not_started: Option<String>,
}

impl Ran {
    /// What went wrong; `None`: all ran and succeeded.
    pub(crate) fn failure(&self) -> Option<String> {
        match (&self.not_started, self.result.status) {
            (Some(why), _) => Some(why.clone()),
            _ if self.result.timed_out => Some("the command did not end in time".to_owned()),
            (None, Some(0)) => None,
            (None, Some(status)) => Some(format!("the command ended with status {status}")),
            (None, None) => Some("the command was ended by a signal".to_owned()),
        }
    }
}

/// The state of a machine at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measurement {
    /// The finding that the remedy changes; `None`: nothing looks for it here.
    pub(crate) finding: Option<State>,
    /// The machine has a usable address.
    pub(crate) has_address: bool,
}

/// The outcome, and what was measured. Unless the finding was present before, only an address is a
/// success.
pub(crate) fn outcome(before: &Measurement, after: &Measurement) -> (FixOutcome, String) {
    let was_there = matches!(before.finding, Some(State::Present(_)));
    let gained = after.has_address && !before.has_address;
    match &after.finding {
        _ if gained => (FixOutcome::Fixed, "the VM has an address now".to_owned()),
        Some(State::Absent(says)) if was_there => {
            let lacks = "; the VM has no address yet: its guest has to ask for one";
            let rest = if after.has_address { "" } else { lacks };
            (FixOutcome::Fixed, format!("measured again: {says}{rest}"))
        }
        Some(State::Present(says)) => (FixOutcome::NotFixed, format!("measured again: {says}")),
        Some(State::Absent(says)) => {
            let was_so = matches!(before.finding, Some(State::Absent(_)));
            let as_before = if was_so { ", as before" } else { "" };
            let lacks = if after.has_address { "" } else { ", and still no address" };
            (FixOutcome::NotFixed, format!("{says}{as_before}{lacks}"))
        }
        Some(State::NotObserved(why)) => (FixOutcome::NotMeasured, why.to_string()),
        None => (FixOutcome::NotMeasured, "it is not looked for here".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Unread;

    use super::*;

    #[test]
    fn a_command_that_did_not_start_was_not_ended_by_a_signal() {
        let rows = [
            (Some("cannot start ip: it is gone"), None, false, Some("cannot start ip: it is gone")),
            (None, None, false, Some("the command was ended by a signal")),
            (None, None, true, Some("the command did not end in time")),
            (None, Some(2), false, Some("the command ended with status 2")),
            (None, Some(0), false, None),
        ];
        for (not_started, status, timed_out, expected) in rows {
            let result = CommandResult { output: String::new(), status, timed_out };
            let ran = Ran { result, not_started: not_started.map(str::to_owned) };
            assert_eq!(ran.failure().as_deref(), expected);
        }
    }

    #[test]
    fn calls_only_a_measured_change_fixed() {
        let there = || Some(State::Present("tap1 is in no bridge".to_owned()));
        let gone = || Some(State::Absent("tap1 is in br0".to_owned()));
        let hidden = || Some(State::NotObserved(Unread::TimedOut));
        let measured = |(finding, has_address)| Measurement { finding, has_address };
        let rows = [
            ((there(), false), (gone(), true), FixOutcome::Fixed, "has an address"),
            ((there(), false), (gone(), false), FixOutcome::Fixed, "tap1 is in br0; the VM"),
            ((there(), true), (gone(), true), FixOutcome::Fixed, "again: tap1 is in br0"),
            ((there(), false), (there(), false), FixOutcome::NotFixed, "tap1 is in no bridge"),
            ((there(), true), (there(), true), FixOutcome::NotFixed, "tap1 is in no bridge"),
            ((there(), false), (there(), true), FixOutcome::Fixed, "has an address"),
            (
                (there(), false),
                (hidden(), false),
                FixOutcome::NotMeasured,
                "no answer before the deadline",
            ),
            ((hidden(), false), (gone(), false), FixOutcome::NotFixed, "br0, and still no address"),
            ((gone(), false), (gone(), false), FixOutcome::NotFixed, "as before, and still no"),
            ((gone(), true), (gone(), true), FixOutcome::NotFixed, "tap1 is in br0, as before"),
            ((gone(), false), (gone(), true), FixOutcome::Fixed, "has an address"),
            ((None, false), (None, false), FixOutcome::NotMeasured, "not looked for"),
        ];
        for (before, after, expected, words) in rows {
            let (before, after) = (measured(before), measured(after));
            let (outcome, says) = outcome(&before, &after);
            assert_eq!(outcome, expected, "{before:?} {after:?}");
            assert!(says.contains(words), "{says} lacks {words}");
        }
    }
}
