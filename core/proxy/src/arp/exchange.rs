//! When to ask for which address on one link, and who answered: no socket, no clock.

use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

use vmkit_types::{ArpOutcome, ArpReply, Unread};

use super::frame::Reply;

/// Requests for an address while nobody answers. Wi-Fi sends a broadcast once and nobody acknowledges
/// it, so one or two may be lost.
const TRIES: u8 = 3;
/// Requests for an address after an answer: a second holder may have missed the first request.
const TRIES_AFTER_REPLY: u8 = 2;
/// Time between two requests for one address. A guest's kernel answers within a millisecond.
const INTERVAL: Duration = Duration::from_millis(100);
/// Time between two requests on a link: about what a broadcast takes on a Wi-Fi at its lowest rate.
const SPACING: Duration = Duration::from_millis(1);
/// How long a second holder may take after the first request, and a first holder after the last one.
/// A sleeping Wi-Fi station gets broadcasts with its access point's beacons, every 100 to 300 ms.
const WATCH: Duration = Duration::from_millis(300);
/// Most hosts that are kept for one address: more are a flood, which says nothing new.
const MOST_REPLIES: usize = 16;

/// What to do next on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for this address, then call [`Exchange::asked`].
    Ask(Ipv4Addr),
    /// Do nothing before this time.
    WaitUntil(Duration),
    /// All questions are answered or over.
    Done,
}

/// The questions on one link. Times count from the beginning of the exchange.
#[derive(Debug)]
pub(super) struct Exchange {
    questions: Vec<Question>,
    by_address: HashMap<Ipv4Addr, usize>,
    spaced_until: Duration,
}

#[derive(Debug)]
struct Question {
    address: Ipv4Addr,
    /// Times of the first and the last request.
    asked: Option<(Duration, Duration)>,
    tries: u8,
    replies: Vec<ArpReply>,
}

impl Exchange {
    /// Questions for these addresses, each once.
    pub(super) fn new(addresses: impl IntoIterator<Item = Ipv4Addr>) -> Self {
        let mut exchange = Self {
            questions: Vec::new(),
            by_address: HashMap::new(),
            spaced_until: Duration::ZERO,
        };
        for address in addresses {
            let next = exchange.questions.len();
            if *exchange.by_address.entry(address).or_insert(next) == next {
                let replies = Vec::new();
                exchange.questions.push(Question { address, asked: None, tries: 0, replies });
            }
        }
        exchange
    }

    /// What to do at this time.
    pub(super) fn step(&self, now: Duration) -> Step {
        let mut next: Option<Duration> = None;
        let mut earlier = |at: Duration| next = Some(next.map_or(at, |next| next.min(at)));
        for question in &self.questions {
            match question.due() {
                Some(due) if due.max(self.spaced_until) <= now => {
                    return Step::Ask(question.address);
                }
                Some(due) => earlier(due.max(self.spaced_until)),
                None if question.over() > now => earlier(question.over()),
                None => {}
            }
        }
        next.map_or(Step::Done, Step::WaitUntil)
    }

    /// Notes that a request for the address was sent.
    pub(super) fn asked(&mut self, address: Ipv4Addr, now: Duration) {
        self.spaced_until = now + SPACING;
        let Some(question) = self.question(address) else { return };
        let first = question.asked.map_or(now, |(first, _)| first);
        question.asked = Some((first, now));
        question.tries += 1;
    }

    /// Notes a reply. One that came before a request says nothing.
    pub(super) fn replied(&mut self, reply: Reply, now: Duration) {
        let Some(question) = self.question(reply.address) else { return };
        let Some((_, last)) = question.asked else { return };
        let known = question.replies.iter().any(|known| known.mac == reply.mac);
        if !known && question.replies.len() < MOST_REPLIES {
            let round_trip = Some(now.saturating_sub(last));
            question.replies.push(ArpReply { mac: reply.mac, round_trip });
        }
    }

    /// The outcome for each address at this time.
    pub(super) fn outcomes(&self, now: Duration) -> impl Iterator<Item = (Ipv4Addr, ArpOutcome)> {
        self.questions.iter().map(move |question| (question.address, question.outcome(now)))
    }

    fn question(&mut self, address: Ipv4Addr) -> Option<&mut Question> {
        let at = *self.by_address.get(&address)?;
        self.questions.get_mut(at)
    }
}

impl Question {
    /// Time of the next request; `None`: there is none.
    fn due(&self) -> Option<Duration> {
        let tries = if self.replies.is_empty() { TRIES } else { TRIES_AFTER_REPLY };
        let Some((_, last)) = self.asked else { return Some(Duration::ZERO) };
        (self.tries < tries).then(|| last + INTERVAL)
    }

    /// When waiting for further answers ends.
    fn over(&self) -> Duration {
        let watched = |(first, last)| if self.replies.is_empty() { last } else { first };
        self.asked.map_or(Duration::MAX, |asked| watched(asked) + WATCH)
    }

    fn outcome(&self, now: Duration) -> ArpOutcome {
        if !self.replies.is_empty() {
            return ArpOutcome::Replies(self.replies.clone());
        }
        let waited = self.asked.map_or(Duration::ZERO, |(first, _)| now.saturating_sub(first));
        // One request may be lost, and silence means nothing before an answer had time to come.
        if self.tries > 1 && waited >= WATCH {
            ArpOutcome::Silent(Some(self.tries))
        } else {
            ArpOutcome::Unread(Unread::TimedOut)
        }
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Mac;

    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    /// A reply: its millisecond, its address, the last octet of its MAC.
    type TimedReply = (u64, Ipv4Addr, u8);

    fn mac(last: u8) -> Mac {
        Mac::new([0x52, 0x54, 0, 0, 0, last])
    }

    fn macs(outcome: &ArpOutcome) -> Vec<Mac> {
        match outcome {
            ArpOutcome::Replies(replies) => replies.iter().map(|reply| reply.mac).collect(),
            _ => Vec::new(),
        }
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// Plays an exchange for these addresses against these replies. Returns the requests, each as
    /// `ms.last-octet`, and when the exchange was done.
    fn play(addresses: &[Ipv4Addr], replies: &[TimedReply]) -> (String, Exchange) {
        let mut exchange = Exchange::new(addresses.iter().copied());
        let mut replies = replies.iter().peekable();
        let (mut now, mut steps) = (Duration::ZERO, Vec::new());
        loop {
            while let Some((at, address, last)) = replies.next_if(|reply| ms(reply.0) <= now) {
                exchange.replied(Reply { address: *address, mac: mac(*last) }, ms(*at));
            }
            match exchange.step(now) {
                Step::Ask(address) => {
                    steps.push(format!("{}.{}", now.as_millis(), address.octets()[3]));
                    exchange.asked(address, now);
                }
                Step::WaitUntil(until) => {
                    assert!(until > now, "no progress at {now:?}");
                    let reply = replies.peek().map(|reply| ms(reply.0));
                    now = reply.map_or(until, |reply| reply.min(until));
                }
                Step::Done => {
                    steps.push(format!("{} done", now.as_millis()));
                    return (steps.join(" "), exchange);
                }
            }
        }
    }

    #[test]
    fn paces_requests_and_ends_when_no_answer_can_come() {
        let rows: [(&str, &[Ipv4Addr], &[TimedReply], &str); 7] = [
            ("nothing to ask", &[], &[], "0 done"),
            ("one holder", &[A], &[(1, A, 1)], "0.1 100.1 300 done"),
            ("two holders, one asleep", &[A], &[(1, A, 1), (250, A, 2)], "0.1 100.1 300 done"),
            ("nobody", &[A], &[], "0.1 100.1 200.1 500 done"),
            ("the first request lost", &[A], &[(101, A, 1)], "0.1 100.1 300 done"),
            ("late in the last watch", &[A], &[(450, A, 1)], "0.1 100.1 200.1 450 done"),
            ("two addresses", &[A, B, A], &[(1, A, 1), (2, B, 2)], "0.1 1.2 100.1 101.2 301 done"),
        ];
        for (what, addresses, replies, expected) in rows {
            assert_eq!(play(addresses, replies).0, expected, "{what}");
        }
    }

    #[test]
    fn counts_each_holder_once_and_up_to_a_limit() {
        let flood: Vec<_> = (0..200).map(|last| (2, A, last)).collect();
        let rows: [(&str, &[TimedReply], usize); 5] = [
            ("nobody", &[], 0),
            ("one, twice", &[(1, A, 1), (101, A, 1)], 1),
            ("two", &[(1, A, 1), (2, A, 2)], 2),
            ("of another address", &[(1, B, 1)], 0),
            ("a flood", &flood, 16),
        ];
        for (what, replies, expected) in rows {
            let (_, exchange) = play(&[A], replies);
            let outcomes: Vec<_> = exchange.outcomes(ms(500)).collect();
            assert_eq!(macs(&outcomes[0].1).len(), expected, "{what}");
        }
    }

    #[test]
    fn ignores_replies_before_the_first_request() {
        let mut exchange = Exchange::new([A]);
        exchange.replied(Reply { address: A, mac: mac(1) }, ms(0));
        assert_eq!(exchange.step(ms(0)), Step::Ask(A));
        assert!(exchange.outcomes(ms(0)).all(|(_, outcome)| macs(&outcome).is_empty()));
    }

    #[test]
    fn silence_counts_after_two_requests_and_time_for_an_answer() {
        let rows = [
            (0, 10, ArpOutcome::Unread(Unread::TimedOut)),
            (1, 400, ArpOutcome::Unread(Unread::TimedOut)),
            (2, 299, ArpOutcome::Unread(Unread::TimedOut)),
            (2, 300, ArpOutcome::Silent(Some(2))),
            (3, 500, ArpOutcome::Silent(Some(3))),
        ];
        for (tries, now, expected) in rows {
            let mut exchange = Exchange::new([A]);
            (0..tries).for_each(|number| exchange.asked(A, ms(number * 100)));
            let outcome = exchange.outcomes(ms(now)).next();
            assert_eq!(outcome, Some((A, expected)), "{tries} requests, {now} ms");
        }
    }
}
