//! Whether a remedy has helped, by measurements before and after it.

use vmkit_diagnose::{FixOutcome, State};

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
            (FixOutcome::NotFixed, format!("{says}, as before, and still no address"))
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
            ((hidden(), false), (gone(), false), FixOutcome::NotFixed, "as before"),
            ((gone(), false), (gone(), false), FixOutcome::NotFixed, "as before"),
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
