//! All questions to one source, some at a time.

use std::{collections::HashMap, io, time::Duration};

use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, timeout_at},
};

use crate::{
    link::Link,
    message::{Question, Reply, read},
    places::{Place, Server},
    record::Answer,
};

/// Questions that a server has not answered yet, at one time. A home router's dnsmasq hands on
/// 150 at most, of all its clients.
const AT_A_SERVER: usize = 32;
/// The same for mDNS, where absent names are never answered: a bound for the burst on the links.
const ON_A_LINK: usize = 256;
/// When what a server has not answered is asked once more: time for an answer from afar, and early
/// enough for the second one to come within the usual deadline.
const ASK_AGAIN: Duration = Duration::from_millis(120);
/// How long machines on the host's own links have. Who alone has a name answers within 10 ms, RFC
/// 6762 section 6, and absent names are never answered: this is what they cost every run.
const MULTICAST_WAIT: Duration = Duration::from_millis(100);
/// Longest packet that is read: what servers send without being asked for more is 512 bytes, and
/// mDNS responders send what an Ethernet frame holds.
const PACKET_LIMIT: usize = 2048;

/// What came of one question.
#[derive(Debug)]
pub(crate) struct Done {
    /// Index of the place.
    pub(crate) place: usize,
    pub(crate) question: Question,
    pub(crate) answers: Vec<Answer>,
    pub(crate) error: Option<String>,
}

/// What a place is asked, and how.
pub(crate) struct Lane {
    pub(crate) index: usize,
    pub(crate) place: Place,
    pub(crate) questions: Vec<Question>,
    pub(crate) done: UnboundedSender<Done>,
}

struct Flight {
    question: Question,
    packet: Vec<u8>,
}

impl Lane {
    /// Asks everything until `deadline`; questions for which there was no time are left out.
    pub(crate) async fn run(self, deadline: Instant) {
        let (link, at_once, deadline) = match &self.place {
            Place::Server(Server { address, .. }) => {
                (Link::to_server(*address).await, AT_A_SERVER, deadline)
            }
            Place::Links { group, interfaces } => (
                Link::to_group(*group, interfaces).await,
                ON_A_LINK,
                deadline.min(Instant::now() + MULTICAST_WAIT),
            ),
        };
        let mut flying = HashMap::new();
        let asked = match link {
            Ok(link) => self.ask(&link, at_once, deadline, &mut flying).await,
            Err(error) => Err(error),
        };
        let why = match (asked, &self.place) {
            (Ok(()), _) => "no answer before the deadline".to_owned(),
            (Err(error), Place::Server(Server { address, .. })) => {
                tracing::info!("the DNS server {} cannot be reached: {error}", address.ip());
                error.to_string()
            }
            (Err(error), Place::Links { .. }) => {
                tracing::info!("mDNS cannot be asked: {error}");
                error.to_string()
            }
        };
        for Flight { question, .. } in flying.into_values() {
            self.tell(question, Vec::new(), Some(why.clone()));
        }
    }

    /// Asks until everything is answered or the deadline has come; `flying` is what is not.
    async fn ask(
        &self,
        link: &Link,
        at_once: usize,
        deadline: Instant,
        flying: &mut HashMap<u16, Flight>,
    ) -> io::Result<()> {
        let mut waiting = self.questions.iter();
        let mut ask_again = Instant::now() + ASK_AGAIN;
        let mut buffer = [0; PACKET_LIMIT];
        loop {
            while flying.len() < at_once
                && let Some(question) = waiting.next()
            {
                if let Some((id, packet)) = packet(question, flying) {
                    let flight = Flight { question: question.clone(), packet };
                    link.send(&flying.entry(id).or_insert(flight).packet).await?;
                }
            }
            if flying.is_empty() {
                return Ok(());
            }
            match timeout_at(deadline.min(ask_again), link.receive(&mut buffer)).await {
                Ok(length) => {
                    if let Some(reply) = read(&buffer[..length?]) {
                        self.take(reply, flying);
                    }
                }
                Err(_) if Instant::now() >= deadline => return Ok(()),
                Err(_) => {
                    ask_again = deadline;
                    for flight in flying.values() {
                        link.send(&flight.packet).await?;
                    }
                }
            }
        }
    }

    /// Takes a reply to a question of ours; number and question must both be right.
    fn take(&self, reply: Reply, flying: &mut HashMap<u16, Flight>) {
        let Reply { id, question, answers, error } = reply;
        if flying.get(&id).is_some_and(|flight| flight.question == question) {
            flying.remove(&id);
            self.tell(question, answers, error);
        }
    }

    fn tell(&self, question: Question, answers: Vec<Answer>, error: Option<String>) {
        // A round that has ended early has no use for the rest.
        self.done.send(Done { place: self.index, question, answers, error }).ok();
    }
}

/// A packet whose number no other question of the lane has.
fn packet(question: &Question, flying: &HashMap<u16, Flight>) -> Option<(u16, Vec<u8>)> {
    // Of 65,536 numbers a few hundred are taken: eight in a row never are.
    (0..8).find_map(|_| question.packet().filter(|(id, _)| !flying.contains_key(id)))
}
