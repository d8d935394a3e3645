//! DHCP at both sides of the host: each message once, with the sides where it was seen.

use std::{collections::HashSet, time::SystemTime};

use vmkit_types::Mac;

use crate::{Message, MessageKind, Traffic};

/// One machine's DHCP, by time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The messages.
    pub rungs: Vec<Rung>,
    /// Number of older messages that were dropped because there were too many to show.
    pub left_out: usize,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// When it was first seen.
    pub at: SystemTime,
    /// The message, as seen nearest to the machine.
    pub message: Message,
    /// Whether it was seen at the machine's port.
    pub guest_side: Step,
    /// Whether it was seen at the uplink.
    pub uplink_side: Step,
}

/// Whether a message was seen at one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was seen.
    Seen,
    /// It should have passed there and was not seen.
    Missing,
    /// Nobody watched there.
    NotWatched,
}

impl Ladder {
    /// The last DHCP messages of a machine with these MACs, at most `most`.
    pub fn of(
        guest: Option<&Traffic>,
        uplink: Option<&Traffic>,
        macs: &[Mac],
        most: usize,
    ) -> Self {
        let own = |traffic: Option<&'_ Traffic>| -> Vec<Message> {
            let messages = traffic.into_iter().flat_map(Traffic::messages);
            let own = messages
                .filter(|m| macs.contains(&m.chaddr) || macs.contains(&m.source_mac))
                .cloned();
            own.collect()
        };
        let mut rungs: Vec<Rung> = Vec::new();
        let mut unmatched = own(uplink);
        unmatched.sort_by_key(|message| message.at);
        let mut matched: HashSet<usize> = HashSet::new();
        let missing = |watched: bool| if watched { Step::Missing } else { Step::NotWatched };
        for message in own(guest) {
            let same = unmatched
                .iter()
                .enumerate()
                .find(|(place, other)| !matched.contains(place) && is_same(&message, other));
            let (mut at, mut uplink_side) = (message.at, missing(uplink.is_some()));
            if let Some((place, other)) = same {
                at = at.min(other.at);
                uplink_side = Step::Seen;
                matched.insert(place);
            }
            rungs.push(Rung { at, message, guest_side: Step::Seen, uplink_side });
        }
        let alone = unmatched.into_iter().enumerate().filter(|(at, _)| !matched.contains(at));
        rungs.extend(alone.map(|(_, message)| Rung {
            at: message.at,
            guest_side: missing(guest.is_some()),
            uplink_side: Step::Seen,
            message,
        }));
        rungs.sort_by_key(|rung| rung.at);
        let left_out = rungs.len().saturating_sub(most);
        rungs.drain(..left_out);
        Self { rungs, left_out }
    }
}

/// Whether two points saw the same message. A repeated message has another number of seconds, or
/// matches the next one of its kind.
fn is_same(one: &Message, other: &Message) -> bool {
    let key = |m: &Message| (m.xid, m.kind, m.chaddr, m.server, m.secs);
    key(one) == key(other)
}

impl MessageKind {
    /// The word for it, as RFC 2131 writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Discover => "DISCOVER",
            Self::Offer => "OFFER",
            Self::Request => "REQUEST",
            Self::Ack => "ACK",
            Self::Nak => "NAK",
            Self::Decline => "DECLINE",
            Self::Release => "RELEASE",
            Self::Inform => "INFORM",
        }
    }

    /// Whether a client sends it.
    pub const fn is_of_client(self) -> bool {
        !matches!(self, Self::Offer | Self::Ack | Self::Nak)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Captures of one exchange at a machine's port, and at the uplink behind MAC-NAT.
    const GUEST: &[u8] = include_bytes!("../tests/data/mac-nat-guest.pcap");
    const UPLINK: &[u8] = include_bytes!("../tests/data/mac-nat-uplink.pcap");

    fn words(ladder: &Ladder) -> Vec<String> {
        let word = |step: Step| match step {
            Step::Seen => "seen",
            Step::Missing => "missing",
            Step::NotWatched => "not watched",
        };
        let rungs = ladder.rungs.iter();
        rungs
            .map(|rung| {
                let (guest, uplink) = (word(rung.guest_side), word(rung.uplink_side));
                format!("{} {guest} {uplink}", rung.message.kind.word())
            })
            .collect()
    }

    #[test]
    fn joins_both_sides_of_one_exchange() {
        let (guest, fault) = Traffic::read(GUEST);
        assert_eq!(fault, Ok(()));
        let (uplink, fault) = Traffic::read(UPLINK);
        assert_eq!(fault, Ok(()));
        let macs = [guest.exchanges[0].chaddr];
        let both = Ladder::of(Some(&guest), Some(&uplink), &macs, 40);
        let expected =
            ["DISCOVER", "OFFER", "REQUEST", "ACK"].map(|kind| format!("{kind} seen seen"));
        assert_eq!(words(&both), expected);

        let alone = Ladder::of(Some(&guest), None, &macs, 40);
        assert_eq!(words(&alone)[0], "DISCOVER seen not watched");
        let missing = Ladder::of(Some(&guest), Some(&Traffic::default()), &macs, 40);
        assert_eq!(words(&missing)[0], "DISCOVER seen missing");
        let short = Ladder::of(Some(&guest), Some(&uplink), &macs, 1);
        assert_eq!((words(&short), short.left_out), (vec!["ACK seen seen".to_owned()], 3));
        assert_eq!(Ladder::of(Some(&guest), None, &[Mac::new([2; 6])], 40), Ladder::default());
    }
}
