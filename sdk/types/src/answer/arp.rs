//! Who answers ARP for an address.

use std::{net::Ipv4Addr, time::Duration};

use super::{Attributes, attribute, unread, unread_attributes, value};
use crate::{Mac, Unread};

/// Names of the attributes.
const ADDRESS: &str = "address";
const INTERFACE: &str = "interface";
/// The MAC of a host that answered, a blank, and the microseconds since the last request.
const REPLY: &str = "reply";
/// How many requests were sent, where nobody answered.
const REQUESTS: &str = "requests";
/// The error that ended the asking, microseconds to it, and whether root asked.
const ERRNO: &str = "errno";
const AFTER_US: &str = "after-us";
const AS_ROOT: &str = "as-root";

/// Who answers ARP for one address.
///
/// ```
/// use vmkit_types::{ArpAnswer, ArpOutcome};
///
/// let answer = ArpAnswer {
///     address: [192, 168, 1, 64].into(),
///     interface: Some("br0".into()),
///     outcome: ArpOutcome::Silent(Some(3)),
///     failure: None,
/// };
/// assert!(answer.replies().is_empty());
/// assert_eq!(ArpAnswer::from_attributes(&answer.attributes()), Some(answer));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArpAnswer {
    /// The address that was asked for.
    pub address: Ipv4Addr,
    /// Name of the host's interface, where it is known.
    pub interface: Option<String>,
    /// Who answered.
    pub outcome: ArpOutcome,
    /// The error of the system that ended the asking, if one did.
    pub failure: Option<ArpFailure>,
}

/// The error of the system that ended the asking for an address. macOS gives the same one at once where
/// it keeps a program off the local network, and late where nobody answers.
///
/// ```
/// use vmkit_types::ArpFailure;
///
/// assert_eq!(ArpFailure::default().errno, None, "nothing is known of it");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArpFailure {
    /// Its number on the system that asked, where it is known.
    pub errno: Option<i32>,
    /// Time from the start to the error, where it is known.
    pub after: Option<Duration>,
    /// Whether root asked, where the system treats root differently.
    pub as_root: Option<bool>,
}

/// What came of asking for one address.
///
/// ```
/// use vmkit_types::{ArpOutcome, Unread};
///
/// // Nobody answered, and nobody could ask: two things.
/// assert_ne!(ArpOutcome::Silent(Some(3)), ArpOutcome::Unread(Unread::TimedOut));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArpOutcome {
    /// At least one host answered; in the order of the answers.
    Replies(Vec<ArpReply>),
    /// No host answered this many requests, where their number is known.
    Silent(Option<u8>),
    /// Nothing was seen that says anything about the address.
    Unread(Unread),
}

/// One host that answered.
///
/// ```
/// use vmkit_types::ArpReply;
///
/// let mac = "52:54:00:4b:5e:57".parse().unwrap();
/// let reply = ArpReply { mac, round_trip: None };
/// assert_eq!(reply.mac.to_string(), "52:54:00:4b:5e:57");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArpReply {
    /// Its MAC.
    pub mac: Mac,
    /// Time since the last request, where it is known.
    pub round_trip: Option<Duration>,
}

impl ArpAnswer {
    /// The hosts that answered.
    pub fn replies(&self) -> &[ArpReply] {
        match &self.outcome {
            ArpOutcome::Replies(replies) => replies,
            ArpOutcome::Silent(_) | ArpOutcome::Unread(_) => &[],
        }
    }

    /// The answer as names and values.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = vec![attribute(ADDRESS, &self.address)];
        attributes.extend(self.interface.as_ref().map(|name| attribute(INTERFACE, name)));
        match &self.outcome {
            ArpOutcome::Replies(replies) => {
                attributes.extend(replies.iter().map(|reply| attribute(REPLY, &reply.text())));
            }
            ArpOutcome::Silent(requests) => {
                let requests = requests.map_or_else(String::new, |count| count.to_string());
                attributes.push(attribute(REQUESTS, &requests));
            }
            ArpOutcome::Unread(why) => attributes.extend(unread_attributes(why)),
        }
        attributes.extend(self.failure.iter().flat_map(|failure| failure.attributes()));
        attributes
    }

    /// The answer in these names and values; `None`: they are of something else.
    pub fn from_attributes(attributes: &[(String, String)]) -> Option<Self> {
        let address = value(attributes, ADDRESS)?.parse().ok()?;
        let interface = value(attributes, INTERFACE).map(ToOwned::to_owned);
        let replies = attributes.iter().filter(|(name, _)| name == REPLY);
        let replies: Vec<_> = replies.filter_map(|(_, text)| ArpReply::from_text(text)).collect();
        let outcome = match (unread(attributes), value(attributes, REQUESTS)) {
            (Some(why), _) => ArpOutcome::Unread(why),
            _ if !replies.is_empty() => ArpOutcome::Replies(replies),
            (None, Some(requests)) => ArpOutcome::Silent(requests.parse().ok()),
            (None, None) => return None,
        };
        let failure = ArpFailure::from_attributes(attributes);
        Some(Self { address, interface, outcome, failure })
    }
}

impl ArpFailure {
    fn attributes(self) -> Attributes {
        let Self { errno, after, as_root } = self;
        let pairs = [
            errno.map(|number| attribute(ERRNO, &number)),
            after.map(|time| attribute(AFTER_US, &time.as_micros())),
            as_root.map(|root| attribute(AS_ROOT, &root)),
        ];
        pairs.into_iter().flatten().collect()
    }

    fn from_attributes(attributes: &[(String, String)]) -> Option<Self> {
        let after = value(attributes, AFTER_US).and_then(|text| text.parse().ok());
        let failure = Self {
            errno: value(attributes, ERRNO).and_then(|text| text.parse().ok()),
            after: after.map(Duration::from_micros),
            as_root: value(attributes, AS_ROOT).and_then(|text| text.parse().ok()),
        };
        (failure != Self::default()).then_some(failure)
    }
}

impl ArpReply {
    fn text(&self) -> String {
        let time =
            self.round_trip.map_or_else(String::new, |time| format!(" {}", time.as_micros()));
        format!("{}{time}", self.mac)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (mac, time) = text.split_once(' ').unwrap_or((text, ""));
        let round_trip = time.parse().ok().map(Duration::from_micros);
        Some(Self { mac: mac.parse().ok()?, round_trip })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);

    #[test]
    fn an_answer_survives_its_attributes() {
        let reply = |round_trip| ArpReply { mac: WEB, round_trip };
        let outcomes = [
            ArpOutcome::Replies(vec![reply(Some(Duration::from_micros(400))), reply(None)]),
            ArpOutcome::Silent(Some(3)),
            ArpOutcome::Silent(None),
            ArpOutcome::Unread(Unread::TimedOut),
            ArpOutcome::Unread(Unread::Failed("send ARP on br0: no buffer".to_owned())),
        ];
        for outcome in outcomes {
            for interface in [None, Some("br0".to_owned())] {
                let address = Ipv4Addr::new(10, 0, 0, 1);
                let after = Some(Duration::from_micros(300));
                let errno = ArpFailure { errno: Some(65), ..ArpFailure::default() };
                for failure in
                    [None, Some(errno), Some(ArpFailure { after, as_root: Some(false), ..errno })]
                {
                    let (interface, outcome) = (interface.clone(), outcome.clone());
                    let answer = ArpAnswer { address, interface, outcome, failure };
                    assert_eq!(ArpAnswer::from_attributes(&answer.attributes()), Some(answer));
                }
            }
        }
    }

    #[test]
    fn skips_attributes_that_are_no_answer() {
        let pairs = |pairs: &[(&str, &str)]| -> Attributes {
            pairs.iter().map(|(name, value)| attribute(name, *value)).collect()
        };
        let rows: [&[(&str, &str)]; 5] = [
            &[],
            &[("address", "10.0.0.1")],
            &[("address", "fe80::1"), ("requests", "3")],
            &[("address", "10.0.0.1"), ("reply", "somebody")],
            &[("requests", "3")],
        ];
        for row in rows {
            assert_eq!(ArpAnswer::from_attributes(&pairs(row)), None, "{row:?}");
        }
    }
}
