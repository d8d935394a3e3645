//! Builds the DNS reply to a request.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, mpsc::SyncSender},
    time::Instant,
};

use hickory_server::{
    net::{NetError, runtime::Time, xfer::Protocol},
    proto::{
        op::{Edns, Header, HeaderCounts, MessageType, Metadata, OpCode, ResponseCode},
        rr::{
            Name, RData, Record,
            rdata::{A, AAAA, SOA},
        },
        serialize::binary::BinEncoder,
    },
    server::{Request, RequestHandler, ResponseHandler, ResponseInfo},
    zone_handler::{MessageResponse, MessageResponseBuilder},
};

use crate::{Answer, Event, Zone, Zones};

/// Seconds for which a negative answer may be cached. A VM that boots has its address within seconds,
/// and somebody is waiting for it.
const NEGATIVE_TTL: u32 = 1;
/// Largest datagram offered in EDNS. No reply here has more than 512 bytes.
const MAX_PAYLOAD: u16 = 1232;

/// Answers every request from the current zone.
#[derive(Clone)]
pub(crate) struct Replies {
    pub(crate) zones: Zones,
    pub(crate) events: SyncSender<Event>,
}

#[async_trait::async_trait]
impl RequestHandler for Replies {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        handle: R,
    ) -> ResponseInfo {
        self.respond(request, handle).await
    }
}

impl Replies {
    /// The reply to a message that came by TCP. `None`: it is no query, and gets no reply.
    pub(crate) async fn answer_bytes(&self, query: Vec<u8>, client: SocketAddr) -> Option<Vec<u8>> {
        let request = Request::from_bytes(query, client, Protocol::Tcp).ok()?;
        if request.metadata.message_type != MessageType::Query {
            return None;
        }
        let encoded = Encoded::default();
        self.respond(&request, encoded.clone()).await;
        let mut bytes = encoded.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(std::mem::take(&mut *bytes)).filter(|bytes| !bytes.is_empty())
    }

    async fn respond(&self, request: &Request, mut handle: impl ResponseHandler) -> ResponseInfo {
        let zone = self.zones.current();
        let reply = self.reply(request, &zone);
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.response_code = reply.code;
        metadata.authoritative = reply.authoritative;
        let mut builder = MessageResponseBuilder::from_message_request(request);
        let mut edns = Edns::new();
        edns.set_max_payload(MAX_PAYLOAD).set_version(0);
        if request.edns.is_some() {
            builder.edns(&edns);
        }
        let response = builder.build(metadata, &reply.answers, [], &reply.authority, []);
        match handle.send_response(response).await {
            Ok(info) => info,
            // The client is gone.
            Err(_) => failed(&request.metadata),
        }
    }

    fn reply(&self, request: &Request, zone: &Zone) -> Reply {
        if request.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
            return Reply::empty(ResponseCode::BADVERS);
        }
        if request.metadata.op_code != OpCode::Query {
            return Reply::empty(ResponseCode::NotImp);
        }
        let Ok(question) = request.request_info().map(|info| info.query) else {
            return Reply::empty(ResponseCode::FormErr);
        };
        let (class, of) = (question.query_class(), question.query_type());
        let answer = zone.answer(question.name(), class, of, Instant::now());
        if answer.may_change() {
            // One queued event serves all queries.
            self.events.try_send(Event::Missed).ok();
        }
        Reply::new(answer, question.name(), zone)
    }
}

/// Keeps the bytes of a reply.
#[derive(Clone, Default)]
struct Encoded(Arc<Mutex<Vec<u8>>>);

#[async_trait::async_trait]
impl ResponseHandler for Encoded {
    async fn send_response<'a>(
        &mut self,
        response: MessageResponse<
            '_,
            'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
        >,
    ) -> Result<ResponseInfo, NetError> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(response.destructive_emit(&mut BinEncoder::new(&mut bytes))?)
    }
}

fn failed(request: &Metadata) -> ResponseInfo {
    let mut metadata = Metadata::new(request.id, MessageType::Response, request.op_code);
    metadata.response_code = ResponseCode::ServFail;
    Header { metadata, counts: HeaderCounts::default() }.into()
}

struct Reply {
    code: ResponseCode,
    authoritative: bool,
    answers: Vec<Record>,
    authority: Vec<Record>,
}

impl Reply {
    fn empty(code: ResponseCode) -> Self {
        Self { code, authoritative: false, answers: Vec::new(), authority: Vec::new() }
    }

    fn new(answer: Answer, name: &Name, zone: &Zone) -> Self {
        let found =
            |answers| Self { authoritative: true, answers, ..Self::empty(ResponseCode::NoError) };
        let negative = |code| Self {
            authoritative: true,
            authority: vec![start_of_authority(zone)],
            ..Self::empty(code)
        };
        match answer {
            Answer::Address(address) => {
                let data = match address {
                    IpAddr::V4(address) => RData::A(A(address)),
                    IpAddr::V6(address) => RData::AAAA(AAAA(address)),
                };
                found(vec![Record::from_rdata(name.clone(), zone.ttl(), data)])
            }
            Answer::Authority => found(vec![start_of_authority(zone)]),
            Answer::NoSuchType => negative(ResponseCode::NoError),
            Answer::NoSuchName => negative(ResponseCode::NXDomain),
            Answer::Refused => Self::empty(ResponseCode::Refused),
            Answer::Stale | Answer::NotChecked => Self::empty(ResponseCode::ServFail),
        }
    }
}

/// The record whose last number limits the caching of negative answers. The others concern
/// secondary servers, and there are none.
fn start_of_authority(zone: &Zone) -> Record {
    // The labels of a suffix are valid, so this cannot fail.
    let mut name = Name::from_labels(zone.suffix().labels()).unwrap_or_default();
    name.set_fqdn(true);
    let soa = SOA::new(name.clone(), name.clone(), 1, 3600, 3600, 3600, NEGATIVE_TTL);
    Record::from_rdata(name, NEGATIVE_TTL, RData::SOA(soa))
}
