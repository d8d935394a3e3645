//! A DNS server with the answers of a test.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA},
    },
};

/// The answer to one question.
pub(super) enum Says {
    Addresses(Vec<IpAddr>),
    NoSuchName,
    Refused,
    /// The packet is lost.
    Nothing,
    /// This answer with a wrong number, to another question, and cut; then that the name does not exist.
    Forged(Box<Says>),
}

impl Says {
    pub(super) fn addresses(addresses: &[&str]) -> Self {
        Self::Addresses(addresses.iter().map(|address| address.parse().unwrap()).collect())
    }

    fn packets(&self, question: &Message) -> Vec<Vec<u8>> {
        let mut message = question.clone();
        message.metadata.message_type = MessageType::Response;
        match self {
            Self::Nothing => return Vec::new(),
            Self::NoSuchName => message.metadata.response_code = ResponseCode::NXDomain,
            Self::Refused => message.metadata.response_code = ResponseCode::Refused,
            Self::Addresses(addresses) => {
                message.answers = addresses
                    .iter()
                    .map(|address| {
                        let data = match address {
                            IpAddr::V4(ip) => RData::A(A(*ip)),
                            IpAddr::V6(ip) => RData::AAAA(AAAA(*ip)),
                        };
                        Record::from_rdata(question.queries[0].name.clone(), 60, data)
                    })
                    .collect();
            }
            Self::Forged(inner) => {
                let mut other_number = question.clone();
                other_number.metadata.id ^= 1;
                let mut other_name = question.clone();
                other_name.queries[0].name = Name::from_ascii("other.").unwrap();
                let mut packets = inner.packets(&other_number);
                packets.extend(inner.packets(&other_name));
                let piece = inner.packets(question).into_iter().map(|packet| packet[..30].to_vec());
                packets.extend(piece);
                packets.push(vec![0xff; 600]);
                packets.extend(Self::NoSuchName.packets(question));
                return packets;
            }
        }
        vec![message.to_vec().unwrap()]
    }
}

/// The server. Dropping it ends it.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers with `say`. Its arguments are the name without its final dot, and
    /// whether an IPv6 address is asked for.
    pub(super) fn start(mut say: impl FnMut(&str, bool) -> Says + Send + 'static) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            loop {
                let (length, client) = socket.recv_from(&mut buffer).unwrap();
                if length == 0 {
                    return;
                }
                let question = Message::from_vec(&buffer[..length]).unwrap();
                let query = &question.queries[0];
                let name = query.name.to_ascii().trim_end_matches('.').to_owned();
                let said = say(&name, query.query_type == RecordType::AAAA);
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                for packet in said.packets(&question) {
                    // The client may have left.
                    socket.send_to(&packet, client).ok();
                }
            }
        });
        Self { address, asked, thread: Some(thread) }
    }

    /// The names that were asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stop = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|socket| socket.send_to(&[], self.address));
        if let (Ok(_), Some(thread)) = (stop, self.thread.take()) {
            thread.join().ok();
        }
    }
}
