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
/// How soon it is noticed that every exchange has ended.
const TICK: Duration = Duration::from_millis(100);

/// Waits until the exchange of every machine has ended, at most this long, or until the person ends
/// it. Returns whether one of them was given an address.
pub(crate) fn wait_for_guests(
    watch: &Watch,
    machines: &[Awaited],
    longest: Duration,
    wait: &mut Wait<'_>,
    shows_progress: bool,
) -> bool {
    let began = Instant::now();
    loop {
        let now = Instant::now();
        let open: Vec<&str> = machines
            .iter()
            .filter(|machine| watch.is_running(&machine.interface))
            .filter(|machine| !has_ended(exchange(watch, machine), now))
            .map(|machine| machine.name.as_str())
            .collect();
        let passed = now.duration_since(began);
        let left = longest.saturating_sub(passed);
        if open.is_empty() || left.is_zero() {
            break;
        }
        if shows_progress {
            let messages = watch.messages().map(|(_, count)| count).sum();
            wait.shows(&Progress::Awaited { machines: &open, passed, longest, messages });
        }
        if wait.pause(TICK.min(left)) == Pause::EndedByPerson {
            break;
        }
    }
    machines.iter().any(|it| exchange(watch, it).is_some_and(|it| it.answered.is_some()))
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
        let machine =
            Awaited { name: "web".to_owned(), interface: "tap1".to_owned(), macs: vec![] };
        let mut person = Script { patience: 9, ..Script::default() };
        let mut wait = Wait::begin(&mut person);
        let given = wait_for_guests(&watch, &[machine], Duration::MAX, &mut wait, true);
        drop(wait);
        assert!(!given);
        assert_eq!(person.log, ["begins", "stops"]);
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
