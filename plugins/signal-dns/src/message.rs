//! Packets of questions and answers.

use std::net::IpAddr;

use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};

use crate::{names::valid, record::Answer};

/// Longest chain of aliases that is followed. Resolvers stop at some ten.
const ALIASES: usize = 8;
/// Most addresses of one answer.
const ADDRESSES: usize = 16;

/// The addresses of a name in one family.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) ipv6: bool,
}

impl Question {
    fn record_type(&self) -> RecordType {
        if self.ipv6 { RecordType::AAAA } else { RecordType::A }
    }

    /// The packet of the question, and its random number; `None`: the name is not valid in DNS.
    pub(crate) fn packet(&self) -> Option<(u16, Vec<u8>)> {
        let mut name = Name::from_ascii(&self.name).ok()?;
        name.set_fqdn(true);
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(name, self.record_type()));
        Some((message.metadata.id, message.to_vec().ok()?))
    }
}

/// A source's reply to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The number of the question.
    pub(crate) id: u16,
    pub(crate) question: Question,
    pub(crate) answers: Vec<Answer>,
    /// Why there is no answer, unless the name does not exist.
    pub(crate) error: Option<String>,
}

/// Reads a packet; `None`: it is not an answer to a question for addresses.
pub(crate) fn read(packet: &[u8]) -> Option<Reply> {
    let message = Message::from_vec(packet).ok()?;
    let [query] = message.queries.as_slice() else { return None };
    let ours = message.metadata.message_type == MessageType::Response
        && message.metadata.op_code == OpCode::Query;
    let ipv6 = match query.query_type {
        RecordType::A => false,
        RecordType::AAAA => true,
        _ => return None,
    };
    let name = valid(&query.name.to_ascii()).filter(|_| ours)?;
    let error = match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => None,
        code => Some(code.to_string()),
    };
    Some(Reply {
        id: message.metadata.id,
        answers: addresses(&message, &query.name, ipv6),
        question: Question { name, ipv6 },
        error,
    })
}

/// The addresses of `name` and of the names that it is an alias of. Other records of a packet are about
/// other names.
fn addresses(message: &Message, name: &Name, ipv6: bool) -> Vec<Answer> {
    let mut names = vec![name];
    for at in 0..ALIASES {
        let Some(&name) = names.get(at) else { break };
        let alias = message.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *name => Some(&target.0),
            _ => None,
        });
        names.extend(alias);
    }
    let of_names = message.answers.iter().filter(|record| names.contains(&&record.name));
    let addresses = of_names.filter_map(|record| {
        let ip = match &record.data {
            RData::A(ip) if !ipv6 => IpAddr::V4(ip.0),
            RData::AAAA(ip) if ipv6 => IpAddr::V6(ip.0),
            _ => return None,
        };
        Some(Answer { ip, ttl_s: Some(record.ttl) })
    });
    addresses.take(ADDRESSES).collect()
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{
        Record,
        rdata::{A, AAAA, CNAME},
    };

    use super::*;

    fn name(name: &str) -> Name {
        Name::from_ascii(name).unwrap()
    }

    fn a(owner: &str, last: u8) -> Record {
        Record::from_rdata(name(owner), 60, RData::A(A([10, 0, 0, last].into())))
    }

    fn alias(owner: &str, of: &str) -> Record {
        Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(of))))
    }

    fn reply(answers: Vec<Record>) -> Message {
        let question = Question { name: "web.lan".into(), ipv6: false };
        let mut message = Message::from_vec(&question.packet().unwrap().1).unwrap();
        message.metadata.message_type = MessageType::Response;
        message.answers = answers;
        message
    }

    fn last_octets(answers: Vec<Record>) -> Vec<String> {
        let reply = read(&reply(answers).to_vec().unwrap()).unwrap();
        assert_eq!(reply.question, Question { name: "web.lan".into(), ipv6: false });
        reply.answers.iter().map(|answer| answer.ip.to_string()).collect()
    }

    #[test]
    fn reads_only_addresses_of_the_name_and_its_aliases() {
        let other =
            Record::from_rdata(name("web.lan."), 60, RData::AAAA(AAAA("::2".parse().unwrap())));
        assert_eq!(last_octets(vec![a("WEB.lan.", 1), a("db.lan.", 2), other]), ["10.0.0.1"]);
        let chain = vec![alias("b.lan.", "c.lan."), alias("web.lan.", "b.lan."), a("c.lan.", 3)];
        assert_eq!(last_octets(chain), ["10.0.0.3"]);
        let none: [&str; 0] = [];
        let ring = vec![alias("web.lan.", "b.lan."), alias("b.lan.", "web.lan.")];
        assert_eq!(last_octets(ring), none);
        let many = (1..=200).map(|last| a("web.lan.", last)).collect();
        assert_eq!(last_octets(many).len(), ADDRESSES);
    }

    #[test]
    fn a_refusal_is_an_error_and_an_unknown_name_is_not() {
        let rows = [
            (ResponseCode::NoError, None),
            (ResponseCode::NXDomain, None),
            (ResponseCode::ServFail, Some("Server Failure")),
            (ResponseCode::Refused, Some("Query Refused")),
        ];
        for (code, expected) in rows {
            let mut message = reply(Vec::new());
            message.metadata.response_code = code;
            let reply = read(&message.to_vec().unwrap()).unwrap();
            assert_eq!(reply.error.as_deref(), expected);
        }
    }

    #[test]
    fn skips_other_packets() {
        let good = reply(vec![a("web.lan.", 1)]).to_vec().unwrap();
        for length in 0..good.len() {
            assert_eq!(read(&good[..length]), None, "cut after {length} bytes");
        }
        let question = Question { name: "web.lan".into(), ipv6: false };
        assert_eq!(read(&question.packet().unwrap().1), None, "a question");
        // A name that points at itself.
        let mut looping = good[..12].to_vec();
        looping.extend([0xc0, 12, 0, 1, 0, 1]);
        assert_eq!(read(&looping), None);
        let mut mail = reply(Vec::new());
        mail.queries[0].query_type = RecordType::MX;
        assert_eq!(read(&mail.to_vec().unwrap()), None);
    }
}
