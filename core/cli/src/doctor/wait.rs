//! Waiting for guests to ask for an address.

use std::time::{Duration, Instant};

use vmkit_probe::{Exchange, Watch};

use super::{attention::Held, points::Awaited, progress::Progress};

/// After a question has passed, how long its answer is waited for: servers that check an address
/// before they offer it take three seconds.
const ANSWER: Duration = Duration::from_secs(4);
/// After an address was given, how long the guest takes to set it and to tell of it.
const SET: Duration = Duration::from_secs(1);
/// How soon it is seen that all is decided.
const TICK: Duration = Duration::from_millis(100);

/// Waits until the exchange of every machine is decided, at most this long; the person may end it.
/// Tells whether one of them was given an address.
pub(crate) fn wait(
    watch: &Watch,
    machines: &[Awaited],
    longest: Duration,
    held: &Held<'_>,
    quiet: bool,
) -> bool {
    let began = Instant::now();
    let given = || machines.iter().any(|m| asking(watch, m).is_some_and(|a| a.answered.is_some()));
    let mut progress = Progress::on_stderr(quiet);
    loop {
        let now = Instant::now();
        let open: Vec<&str> = machines
            .iter()
            .filter(|machine| watch.is_running(&machine.interface))
            .filter(|machine| !is_decided(asking(watch, machine), now))
            .map(|machine| machine.name.as_str())
            .collect();
        let left = longest.saturating_sub(now.duration_since(began));
        if open.is_empty() || left.is_zero() {
            return given();
        }
        let messages: u64 = watch.messages().map(|(_, count)| count).sum();
        let names = vmkit_types::escaped(&shortened(&open));
        let (passed, longest) = (now.duration_since(began).as_secs(), longest.as_secs());
        progress.tell(
            now,
            &format!(
                "waiting for {names} to ask: {passed} s of {longest}, {messages} DHCP messages \
                 (Enter or Ctrl-C: answer now)"
            ),
        );
        if !held.pause(TICK.min(left)) {
            return given();
        }
    }
}

/// How far the machine has come: by the card that has asked first.
fn asking(watch: &Watch, machine: &Awaited) -> Option<Exchange> {
    let each = machine.macs.iter().filter_map(|mac| watch.exchange(&machine.interface, *mac));
    each.min_by_key(|exchange| exchange.asked)
}

/// Whether more waiting would tell no more: the address was given, or nobody answers.
fn is_decided(asking: Option<Exchange>, now: Instant) -> bool {
    asking.is_some_and(|asking| match asking.answered {
        Some(given) => now.duration_since(given) >= SET,
        None => now.duration_since(asking.asked) >= ANSWER,
    })
}

fn shortened(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_decided_by_its_answer_or_by_silence() {
        let began = Instant::now();
        let at = |tenths: u64| began + Duration::from_millis(100 * tenths);
        let asking = |given: Option<u64>| Some(Exchange { asked: began, answered: given.map(at) });
        let rows = [
            (None, 900, false),
            (asking(None), 39, false),
            (asking(None), 40, true),
            (asking(Some(5)), 14, false),
            (asking(Some(5)), 15, true),
        ];
        for (asking, now, decided) in rows {
            assert_eq!(is_decided(asking, at(now)), decided, "{asking:?} {now}");
        }
    }
}
