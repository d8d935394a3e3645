//! Waits for guests to ask for an address.

use std::time::{Duration, Instant};

use crate::{
    Pause, Progress,
    capture_points::Awaited,
    person::Wait,
    watch::{Exchange, Watch},
};

/// How long to wait for the answer to a request: servers that check an address before they offer it
/// take three seconds.
const ANSWER: Duration = Duration::from_secs(4);
/// How long a guest takes to set the address that it was given, and to announce it.
const SET: Duration = Duration::from_secs(1);
/// How long a machine is awaited that is only compared with another: one that has its lease may not ask for
/// hours, and clients that fight for an address ask within seconds.
const TWIN: Duration = Duration::from_secs(8);
/// How soon it is noticed that every exchange has ended.
const TICK: Duration = Duration::from_millis(100);
/// After so many ticks without a message it is asked again whether the wait is of use, since time
/// itself tells something: an answer is overdue.
const QUIET_TICKS: u32 = 5;

/// Waits until the exchange of every machine has ended, at most this long, or until the person ends
/// it, or until `is_of_use` denies that it could tell more. Returns whether one of them was given an
/// address.
pub(crate) fn wait_for_guests(
    watch: &Watch,
    machines: &[Awaited],
    longest: Duration,
    wait: &mut Wait<'_>,
    shows_progress: bool,
    is_of_use: &mut dyn FnMut() -> bool,
) -> bool {
    let began = Instant::now();
    let mut rethink = Rethink::default();
    loop {
        let now = Instant::now();
        let passed = now.duration_since(began);
        let open: Vec<&str> = machines
            .iter()
            .filter(|machine| !machine.is_twin || passed < TWIN)
            .filter(|machine| watch.is_running(&machine.interface))
            .filter(|machine| !has_ended(exchange(watch, machine), now))
            .map(|machine| machine.name.as_str())
            .collect();
        let left = longest.saturating_sub(passed);
        let messages = watch.messages().map(|(_, count)| count).sum();
        if open.is_empty() || left.is_zero() || rethink.is_due(messages) && !is_of_use() {
            break;
        }
        if shows_progress {
            wait.shows(&Progress::Awaited { machines: &open, passed, longest, messages });
        }
        if wait.pause(TICK.min(left)) == Pause::EndedByPerson {
            break;
        }
    }
    let mut own = machines.iter().filter(|machine| !machine.is_twin);
    own.any(|it| exchange(watch, it).is_some_and(|it| it.answered.is_some()))
}

/// When to ask again whether a wait is of use: at once, after each message, and now and then.
#[derive(Default)]
struct Rethink {
    messages: u64,
    quiet: u32,
    began: bool,
}

impl Rethink {
    fn is_due(&mut self, messages: u64) -> bool {
        let due = !self.began || messages != self.messages || self.quiet >= QUIET_TICKS;
        self.quiet = if due { 1 } else { self.quiet + 1 };
        (self.messages, self.began) = (messages, true);
        due
    }
}

/// The machine's exchange: that of the card that asked first.
fn exchange(watch: &Watch, machine: &Awaited) -> Option<Exchange> {
    let each = machine.macs.iter().filter_map(|mac| watch.exchange(&machine.interface, *mac));
    each.min_by_key(|exchange| exchange.asked)
}

/// Whether the address was given, or nobody answers.
fn has_ended(exchange: Option<Exchange>, now: Instant) -> bool {
    exchange.is_some_and(|exchange| match exchange.answered {
        Some(answered) => now.duration_since(answered) >= SET,
        None => now.duration_since(exchange.asked) >= ANSWER,
    })
}

#[cfg(test)]
mod tests {
    use vmkit_rights::{Broker, Refusal};

    use super::*;
    use crate::script::Script;

    #[test]
    fn waits_for_nobody_where_nothing_is_captured() {
        let refused = Broker::refused(Refusal::denied("no broker"));
        let watch = Watch::start(&refused, []);
        let machine = Awaited {
            name: "web".to_owned(),
            interface: "tap1".to_owned(),
            macs: vec![],
            is_twin: false,
        };
        let mut person = Script { patience: 9, ..Script::default() };
        let mut wait = Wait::begin(&mut person);
        let given =
            wait_for_guests(&watch, &[machine], Duration::MAX, &mut wait, true, &mut || true);
        drop(wait);
        assert!(!given);
        assert_eq!(person.log, ["begins", "stops"]);
    }

    /// The pauses until a wait ends that is of use for so many questions.
    fn pauses(useful: usize) -> usize {
        const PATIENCE: usize = 100;
        let watch = Watch::still("tap1");
        let machine = Awaited {
            name: "web".to_owned(),
            interface: "tap1".to_owned(),
            macs: vec![],
            is_twin: false,
        };
        let mut person = Script { patience: PATIENCE, ..Script::default() };
        let mut wait = Wait::begin(&mut person);
        let mut left = useful;
        let mut is_of_use = || {
            let useful = left > 0;
            left = left.saturating_sub(1);
            useful
        };
        wait_for_guests(&watch, &[machine], Duration::MAX, &mut wait, false, &mut is_of_use);
        drop(wait);
        watch.finish();
        PATIENCE - person.patience
    }

    #[test]
    fn ends_as_soon_as_waiting_could_tell_nothing_more() {
        assert_eq!(pauses(0), 0, "it knows from the start");
        assert_eq!(pauses(1), 5, "silence is asked about every half a second");
        assert_eq!(pauses(3), 15);
        assert_eq!(pauses(1000), 100, "the person ends it");
    }

    #[test]
    fn an_exchange_ends_with_its_answer_or_with_silence() {
        let began = Instant::now();
        let at = |tenths: u64| began + Duration::from_millis(100 * tenths);
        let asked = |answered: Option<u64>| Exchange { asked: began, answered: answered.map(at) };
        let rows = [
            (None, 900, false),
            (Some(asked(None)), 39, false),
            (Some(asked(None)), 40, true),
            (Some(asked(Some(5))), 14, false),
            (Some(asked(Some(5))), 15, true),
        ];
        for (exchange, now, ended) in rows {
            assert_eq!(has_ended(exchange, at(now)), ended, "{exchange:?} {now}");
        }
    }
}
