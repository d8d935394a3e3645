//! All questions to one responder, a limited number at a time.

use std::{
    collections::{HashMap, HashSet},
    io,
    time::Duration,
};

use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, timeout_at},
};

use crate::{
    link::Link,
    message::{Question, Reply, read},
    record::Answer,
    responders::{Responder, Server},
};

/// Most open questions to a server. A home router's dnsmasq forwards at most 150 for all its clients.
const AT_A_SERVER: usize = 32;
/// Most open questions by mDNS, where nobody answers for absent names: this limits the burst on the links.
const ON_A_LINK: usize = 256;
/// When open questions to a server are asked once more: late enough for an answer from a distant server,
/// and early enough for the second answer to come within the usual timeout.
const ASK_AGAIN: Duration = Duration::from_millis(120);
/// Timeout of mDNS. The only host with a name answers within 10 ms (RFC 6762 section 6). Nobody answers for
/// absent names, so they cost every run this much.
const MULTICAST_WAIT: Duration = Duration::from_millis(100);
/// Longest packet that is read. By default, servers send at most 512 bytes, and mDNS responders as much as
/// an Ethernet frame holds.
const PACKET_LIMIT: usize = 2048;

/// The outcome of one question.
#[derive(Debug)]
pub(crate) struct Response {
    /// Index of the responder.
    pub(crate) responder: usize,
    pub(crate) question: Question,
    /// Name of the interface that the answer came by, where the question was bound to it.
    pub(crate) interface: Option<String>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) error: Option<String>,
}

/// All questions to one responder.
pub(crate) struct Lane {
    pub(crate) index: usize,
    pub(crate) responder: Responder,
    pub(crate) questions: Vec<Question>,
    pub(crate) responses: UnboundedSender<Response>,
}

struct OpenQuestion {
    question: Question,
    packet: Vec<u8>,
    /// The sockets on which it was answered.
    answered: HashSet<usize>,
}

impl Lane {
    /// Asks all questions until `deadline`. Those without time are skipped.
    pub(crate) async fn run(self, deadline: Instant) {
        let (link, at_once, deadline) = match &self.responder {
            Responder::Server(Server { address, scope, .. }) => {
                (Link::to_server(*address, scope.as_ref()).await, AT_A_SERVER, deadline)
            }
            Responder::Links { group, interfaces } => (
                Link::to_group(*group, interfaces).await,
                ON_A_LINK,
                deadline.min(Instant::now() + MULTICAST_WAIT),
            ),
        };
        let mut open = HashMap::new();
        let asked = match link {
            Ok(link) => self.ask(&link, at_once, deadline, &mut open).await,
            Err(error) => Err(error),
        };
        let why = match (asked, &self.responder) {
            (Ok(()), _) => "no answer before the deadline".to_owned(),
            (Err(error), Responder::Server(Server { address, .. })) => {
                tracing::info!("the DNS server {} cannot be reached: {error}", address.ip());
                error.to_string()
            }
            (Err(error), Responder::Links { .. }) => {
                tracing::info!("mDNS cannot be asked: {error}");
                error.to_string()
            }
        };
        // What one interface answered is no absence, and its silence no word about the others.
        for OpenQuestion { question, .. } in
            open.into_values().filter(|open| open.answered.is_empty())
        {
            self.respond(question, None, Vec::new(), Some(why.clone()));
        }
    }

    /// Asks until all questions are answered or the deadline has passed. `open` keeps the open ones.
    async fn ask(
        &self,
        link: &Link,
        at_once: usize,
        deadline: Instant,
        open: &mut HashMap<u16, OpenQuestion>,
    ) -> io::Result<()> {
        let mut waiting = self.questions.iter();
        let mut ask_again = Instant::now() + ASK_AGAIN;
        let mut buffer = [0; PACKET_LIMIT];
        loop {
            // One that an interface has answered waits for the others, and keeps nobody else waiting.
            let unanswered = open.values().filter(|asked| asked.answered.is_empty()).count();
            for question in waiting.by_ref().take(at_once.saturating_sub(unanswered)) {
                if let Some((id, packet)) = packet(question, open) {
                    let (question, answered) = (question.clone(), HashSet::new());
                    let asked = OpenQuestion { question, packet, answered };
                    link.send(&open.entry(id).or_insert(asked).packet).await?;
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            match timeout_at(deadline.min(ask_again), link.receive(&mut buffer)).await {
                Ok(received) => {
                    let (length, socket) = received?;
                    if let Some(reply) = read(&buffer[..length]) {
                        self.take(reply, link, socket, open);
                    }
                }
                Err(_) if Instant::now() >= deadline => return Ok(()),
                Err(_) => {
                    ask_again = deadline;
                    for asked in open.values() {
                        link.send(&asked.packet).await?;
                    }
                }
            }
        }
    }

    /// Handles a reply. Its number and question must be those of an open question, which stays open
    /// until every interface has answered: a name may be absent on one and known on another.
    fn take(
        &self,
        reply: Reply,
        link: &Link,
        socket: usize,
        open: &mut HashMap<u16, OpenQuestion>,
    ) {
        let Reply { id, question, answers, error } = reply;
        let Some(asked) = open.get_mut(&id).filter(|asked| asked.question == question) else {
            return;
        };
        if asked.answered.insert(socket) {
            if asked.answered.len() == link.sockets() {
                open.remove(&id);
            }
            self.respond(question, link.interface(socket), answers, error);
        }
    }

    fn respond(
        &self,
        question: Question,
        interface: Option<&str>,
        answers: Vec<Answer>,
        error: Option<String>,
    ) {
        let (responder, interface) = (self.index, interface.map(str::to_owned));
        // A round that ended early does not receive any more.
        self.responses.send(Response { responder, question, interface, answers, error }).ok();
    }
}

/// A packet with a number that no open question has.
fn packet(question: &Question, open: &HashMap<u16, OpenQuestion>) -> Option<(u16, Vec<u8>)> {
    // A few hundred of 65,536 numbers are in use, so one of eight attempts succeeds.
    (0..8).find_map(|_| question.packet().filter(|(id, _)| !open.contains_key(id)))
}
