//! From messages to what each client holds at the end of the captures.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    time::SystemTime,
};

use dhcproto::v4::MessageType;
use vmkit_plugin::Mac;

use crate::{captures::Packet, message::Message};

/// The last acknowledgement of a client that nothing revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// The client's hardware address.
    pub(crate) chaddr: Mac,
    /// The MAC in its client identifier, where that contains one.
    pub(crate) client_mac: Option<Mac>,
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix: Option<u8>,
    pub(crate) server: Option<Ipv4Addr>,
    /// In seconds; `u32::MAX` is for ever.
    pub(crate) lease: Option<u32>,
    pub(crate) at: SystemTime,
    /// The checksum of its datagram does not fit.
    pub(crate) wrong_checksum: bool,
}

/// What a client said in one transaction, which its server's answer is about.
#[derive(Default)]
struct Transaction {
    /// It asks for configuration only, and has its address from elsewhere.
    informs: bool,
    requested: Option<Ipv4Addr>,
    client_mac: Option<Mac>,
    request: Request,
}

#[derive(Default, PartialEq, Eq)]
enum Request {
    /// None was captured: the capture began later, or sees one direction only.
    #[default]
    Unseen,
    Open,
    /// A client takes the first answer; another server's later one is not for it any more.
    Answered,
}

/// Follows the messages, in the order of their capture. One client holds one address: a later
/// acknowledgement takes the former's place, whatever its server and client identifier.
pub(crate) fn rebuild(packets: &[Packet]) -> Vec<Hold> {
    let mut transactions: HashMap<(u32, Mac), Transaction> = HashMap::new();
    let mut holds: BTreeMap<Mac, Hold> = BTreeMap::new();
    for packet in packets {
        let message = &packet.message;
        let transaction = transactions.entry((message.xid, message.chaddr)).or_default();
        if let Some(revoked) = transaction.follow(message) {
            let current = holds.get(&message.chaddr).map(|hold| hold.address);
            if revoked.is_none_or(|address| current == Some(address)) {
                holds.remove(&message.chaddr);
            }
        } else if message.kind == MessageType::Ack && transaction.accepts(message) {
            holds.insert(message.chaddr, hold(packet, transaction.client_mac));
            if transaction.request == Request::Open {
                transaction.request = Request::Answered;
            }
        }
    }
    holds.into_values().collect()
}

impl Transaction {
    /// Takes in what is no acknowledgement. Where it revokes: of which address, or of whatever the
    /// client holds.
    #[expect(clippy::option_option, reason = "whether something is revoked, and what")]
    fn follow(&mut self, message: &Message) -> Option<Option<Ipv4Addr>> {
        let held = Some(message.ciaddr).filter(|address| !address.is_unspecified());
        match message.kind {
            MessageType::Discover | MessageType::Inform => {
                self.informs = message.kind == MessageType::Inform;
                self.client_mac = message.client_mac;
            }
            MessageType::Request => {
                self.informs = false;
                self.client_mac = message.client_mac;
                self.requested = message.requested.or(held);
                self.request = Request::Open;
            }
            MessageType::Nak if self.request != Request::Answered => {
                if self.request == Request::Open {
                    self.request = Request::Answered;
                }
                return Some(self.requested);
            }
            MessageType::Decline => return Some(message.requested),
            MessageType::Release => return Some(held),
            _ => {}
        }
        None
    }

    /// Whether an acknowledgement in this transaction gives the client its address.
    fn accepts(&self, ack: &Message) -> bool {
        let usable = !ack.yiaddr.is_unspecified()
            && !ack.yiaddr.is_broadcast()
            && !ack.yiaddr.is_multicast()
            && !ack.yiaddr.is_loopback();
        usable && !self.informs && self.request != Request::Answered
    }
}

fn hold(packet: &Packet, client_mac: Option<Mac>) -> Hold {
    let ack = &packet.message;
    Hold {
        chaddr: ack.chaddr,
        // A server need not repeat the identifier.
        client_mac: ack.client_mac.or(client_mac),
        address: ack.yiaddr,
        prefix: ack.prefix,
        server: ack.server,
        lease: ack.lease,
        at: packet.at,
        wrong_checksum: packet.wrong_checksum,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A message as words: `KIND XID LAST_OCTET`, where
    /// the octet is that of the address that the message is about, 0 for none.
    fn packet(second: usize, words: &str) -> Packet {
        let words: Vec<_> = words.split(' ').collect();
        let octet: u8 = words[2].parse().unwrap();
        let named = Ipv4Addr::new(192, 168, 1, octet);
        let address = if octet == 0 { Ipv4Addr::UNSPECIFIED } else { named };
        let about = Some(address).filter(|_| octet != 0);
        let none = Ipv4Addr::UNSPECIFIED;
        let (kind, ciaddr, yiaddr, requested) = match words[0] {
            "discover" => (MessageType::Discover, none, none, None),
            "request" => (MessageType::Request, none, none, about),
            "renew" => (MessageType::Request, address, none, None),
            "inform" => (MessageType::Inform, address, none, None),
            "offer" => (MessageType::Offer, none, address, None),
            "ack" => (MessageType::Ack, none, address, None),
            "nak" => (MessageType::Nak, none, none, None),
            "decline" => (MessageType::Decline, none, none, about),
            "release" => (MessageType::Release, address, none, None),
            other => panic!("{other}"),
        };
        let message = Message {
            kind,
            xid: words[1].parse().unwrap(),
            chaddr: Mac::new([0x52, 0x54, 0, 0, 0, 1]),
            ciaddr,
            yiaddr,
            requested,
            server: None,
            lease: None,
            prefix: None,
            client_mac: None,
        };
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second as u64);
        Packet { at, message, wrong_checksum: false }
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
            let packets = messages.split(',').enumerate().map(|(at, words)| packet(at, words));
            let holds = rebuild(&packets.collect::<Vec<_>>());
            let found = holds.first().map(|hold| {
                let since_epoch = hold.at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
                (hold.address.octets()[3], since_epoch.as_secs())
            });
            assert_eq!((holds.len(), found), (expected.iter().count(), expected), "{what}");
        }
    }
}
