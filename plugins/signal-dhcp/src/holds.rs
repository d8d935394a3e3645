//! From messages to the address that each client has at the end of the captures.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    time::SystemTime,
};

use vmkit_dhcp::{Checksum, Message, MessageKind};
use vmkit_plugin::Mac;

/// The last acknowledgement to a client that was not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// The client's hardware address.
    pub(crate) chaddr: Mac,
    /// The MAC in its client identifier, if there is one.
    pub(crate) client_mac: Option<Mac>,
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix: Option<u8>,
    pub(crate) server: Option<Ipv4Addr>,
    /// In seconds; `u32::MAX` means without end.
    pub(crate) lease: Option<u32>,
    pub(crate) at: SystemTime,
    /// Whether the checksum of its datagram is wrong.
    pub(crate) wrong_checksum: bool,
}

/// A client's side of one transaction, which the server answers.
#[derive(Default)]
struct Transaction {
    /// Whether it asks for configuration only and has its address from elsewhere.
    informs: bool,
    requested: Option<Ipv4Addr>,
    client_mac: Option<Mac>,
    request: Request,
}

#[derive(Default, PartialEq, Eq)]
enum Request {
    /// No request was captured: the capture began later, or has one direction only.
    #[default]
    Unseen,
    Open,
    /// A client accepts the first answer, so later ones of other servers do not count.
    Answered,
}

/// Follows the messages, by time. A client has one address: a later acknowledgement replaces an earlier
/// one, whatever its server and client identifier.
pub(crate) fn rebuild(messages: &[Message]) -> Vec<Hold> {
    let mut transactions: HashMap<(u32, Mac), Transaction> = HashMap::new();
    let mut holds: BTreeMap<Mac, Hold> = BTreeMap::new();
    for message in messages {
        let transaction = transactions.entry((message.xid, message.chaddr)).or_default();
        if let Some(revoked) = transaction.follow(message) {
            let current = holds.get(&message.chaddr).map(|hold| hold.address);
            if revoked.is_none_or(|address| current == Some(address)) {
                holds.remove(&message.chaddr);
            }
        } else if let Some(address) = transaction.given(message) {
            holds.insert(message.chaddr, hold(message, address, transaction.client_mac));
            if transaction.request == Request::Open {
                transaction.request = Request::Answered;
            }
        }
    }
    holds.into_values().collect()
}

impl Transaction {
    /// Follows a message other than an acknowledgement. Returns what it revokes: this address, or any
    /// address of the client.
    #[expect(clippy::option_option, reason = "whether it revokes an address, and which")]
    fn follow(&mut self, message: &Message) -> Option<Option<Ipv4Addr>> {
        let held = message.ciaddr;
        match message.kind {
            MessageKind::Discover | MessageKind::Inform => {
                self.informs = message.kind == MessageKind::Inform;
                self.client_mac = message.client_mac();
            }
            MessageKind::Request => {
                self.informs = false;
                self.client_mac = message.client_mac();
                self.requested = message.requested.or(held);
                self.request = Request::Open;
            }
            MessageKind::Nak if self.request != Request::Answered => {
                if self.request == Request::Open {
                    self.request = Request::Answered;
                }
                return Some(self.requested);
            }
            MessageKind::Decline => return Some(message.requested),
            MessageKind::Release => return Some(held),
            _ => {}
        }
        None
    }

    /// The address that the message gives the client, if it is an acknowledgement for this transaction.
    fn given(&self, message: &Message) -> Option<Ipv4Addr> {
        let expected = !self.informs && self.request != Request::Answered;
        let address = message.yiaddr.filter(|_| expected && message.kind == MessageKind::Ack)?;
        let usable = !address.is_broadcast() && !address.is_multicast() && !address.is_loopback();
        usable.then_some(address)
    }
}

fn hold(ack: &Message, address: Ipv4Addr, client_mac: Option<Mac>) -> Hold {
    Hold {
        chaddr: ack.chaddr,
        // A server may leave the identifier out of its answer.
        client_mac: ack.client_mac().or(client_mac),
        address,
        prefix: ack.prefix,
        server: ack.server,
        lease: ack.lease_s,
        at: ack.at,
        wrong_checksum: ack.checksum == Checksum::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A message from `KIND XID LAST_OCTET`; the octet is that of the address that the message is about,
    /// or 0.
    fn message(second: u64, words: &str) -> Message {
        let words: Vec<_> = words.split(' ').collect();
        let octet: u8 = words[2].parse().unwrap();
        let about = Some(Ipv4Addr::new(192, 168, 1, octet)).filter(|_| octet != 0);
        let (kind, ciaddr, yiaddr, requested) = match words[0] {
            "discover" => (MessageKind::Discover, None, None, None),
            "request" => (MessageKind::Request, None, None, about),
            "renew" => (MessageKind::Request, about, None, None),
            "inform" => (MessageKind::Inform, about, None, None),
            "offer" => (MessageKind::Offer, None, about, None),
            "ack" => (MessageKind::Ack, None, about, None),
            "nak" => (MessageKind::Nak, None, None, None),
            "decline" => (MessageKind::Decline, None, None, about),
            "release" => (MessageKind::Release, about, None, None),
            other => panic!("{other}"),
        };
        let mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
        Message {
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
            kind,
            source_mac: mac,
            destination_mac: mac,
            vlan: None,
            source: Ipv4Addr::UNSPECIFIED,
            destination: Ipv4Addr::BROADCAST,
            checksum: Checksum::Unchecked,
            xid: words[1].parse().unwrap(),
            secs: 0,
            broadcast_flag: false,
            chaddr: mac,
            client_id: None,
            ciaddr,
            yiaddr,
            requested,
            server: None,
            lease_s: None,
            prefix: None,
            mtu: None,
            routers: Vec::new(),
            domain: None,
            portal: None,
            says: None,
        }
    }

    /// The last octet of an address, and the second of its acknowledgement.
    type Expected = Option<(u8, u64)>;

    #[test]
    fn what_a_client_holds_at_the_end() {
        let rows: [(&str, &str, Expected); 20] = [
            ("an exchange", "discover 1 0,offer 1 5,request 1 5,ack 1 5", Some((5, 3))),
            ("an offer only", "discover 1 0,offer 1 5,request 1 5", None),
            ("the answer only", "ack 1 5", Some((5, 0))),
            ("renewed", "request 1 5,ack 1 5,renew 2 5,ack 2 5", Some((5, 3))),
            ("captured twice", "request 1 5,request 1 5,ack 1 5,ack 1 5", Some((5, 2))),
            ("another address later", "request 1 5,ack 1 5,request 2 6,ack 2 6", Some((6, 3))),
            ("refused at a restart", "request 1 5,ack 1 5,request 2 5,nak 2 0", None),
            ("refused, then another", "request 1 5,nak 1 0,request 2 6,ack 2 6", Some((6, 3))),
            ("an answer to an unseen request refused", "request 1 5,ack 1 5,nak 2 0", None),
            ("refused another address", "request 1 5,ack 1 5,request 2 6,nak 2 0", Some((5, 1))),
            ("a second server refuses late", "request 1 5,ack 1 5,nak 1 0", Some((5, 1))),
            ("a second server agrees late", "request 1 5,ack 1 5,ack 1 6", Some((5, 1))),
            ("a second server agrees after a refusal", "request 1 5,nak 1 0,ack 1 5", None),
            ("declined", "request 1 5,ack 1 5,decline 2 5", None),
            ("declined another", "request 1 5,ack 1 5,decline 2 6", Some((5, 1))),
            ("released", "request 1 5,ack 1 5,release 2 5", None),
            (
                "released and back",
                "request 1 5,ack 1 5,release 2 5,request 3 5,ack 3 5",
                Some((5, 4)),
            ),
            ("configuration only", "inform 1 5,ack 1 0", None),
            ("configuration only, from a server that repeats", "inform 1 5,ack 1 5", None),
            ("an address of nobody", "request 1 0,ack 1 0", None),
        ];
        for (what, messages, expected) in rows {
            let messages = (0..).zip(messages.split(',')).map(|(at, words)| message(at, words));
            let holds = rebuild(&messages.collect::<Vec<_>>());
            let found = holds.first().map(|hold| {
                let since_epoch = hold.at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
                (hold.address.octets()[3], since_epoch.as_secs())
            });
            assert_eq!((holds.len(), found), (expected.iter().count(), expected), "{what}");
        }
    }
}
