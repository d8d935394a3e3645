//! The machine's requests, and which of them were answered.

use std::time::{Duration, SystemTime};

use vmkit_dhcp::{Message, MessageKind};

/// Servers answer within this time: they may ping an address first, which takes dnsmasq 3 s.
const ANSWER: Duration = Duration::from_secs(4);

/// The requests of one machine at one capture point.
#[derive(Default)]
pub(super) struct Asks<'a> {
    /// DISCOVERs.
    pub(super) discovers: usize,
    /// REQUESTs for a new lease.
    pub(super) requests: usize,
    /// REQUESTs that renew a lease.
    pub(super) renewals: usize,
    /// A renewal was answered.
    pub(super) renewed: bool,
    /// DISCOVERs and REQUESTs by time, each with whether it was answered before the next of its kind.
    /// The last is missing if the capture may have ended too early.
    pub(super) answered: Vec<(MessageKind, bool)>,
    pub(super) first_offer: Option<&'a Message>,
    pub(super) acknowledged: Option<&'a Message>,
    pub(super) refused: Option<&'a Message>,
    /// The capture lasted long enough after the last DISCOVER.
    pub(super) waited_for_offer: bool,
    /// The capture lasted long enough after the last REQUEST for a new lease.
    pub(super) waited_for_acknowledgement: bool,
}

impl<'a> Asks<'a> {
    /// The requests among these messages, from a capture that ended at this time.
    pub(super) fn of(messages: &[&'a Message], end: Option<SystemTime>) -> Self {
        let mut asks = Self::default();
        for (index, message) in messages.iter().enumerate() {
            match message.kind {
                MessageKind::Discover => asks.discovers += 1,
                MessageKind::Request if message.ciaddr.is_some() => asks.renewals += 1,
                MessageKind::Request => asks.requests += 1,
                MessageKind::Offer => {
                    asks.first_offer.get_or_insert(message);
                    continue;
                }
                MessageKind::Ack => {
                    asks.acknowledged.get_or_insert(message);
                    continue;
                }
                MessageKind::Nak => {
                    asks.refused.get_or_insert(message);
                    continue;
                }
                _ => continue,
            }
            let answers: &[MessageKind] = match message.kind {
                MessageKind::Discover => &[MessageKind::Offer, MessageKind::Ack],
                _ => &[MessageKind::Ack, MessageKind::Nak],
            };
            let until_next = messages[index + 1..].iter().take_while(|m| m.kind != message.kind);
            let answered =
                until_next.clone().any(|m| m.xid == message.xid && answers.contains(&m.kind));
            asks.renewed |= answered && message.ciaddr.is_some();
            let was_last = until_next.count() == messages.len() - index - 1;
            let waited = end.is_some_and(|end| {
                end.duration_since(message.at).is_ok_and(|waited| waited >= ANSWER)
            });
            if answered || !was_last || waited {
                asks.answered.push((message.kind, answered));
            }
            match message.kind {
                MessageKind::Discover => asks.waited_for_offer = waited,
                _ if message.ciaddr.is_none() => asks.waited_for_acknowledgement = waited,
                _ => {}
            }
        }
        asks
    }
}
