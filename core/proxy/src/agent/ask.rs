//! Many agents at once.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    time::{Duration, Instant, SystemTime},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use vmkit_types::{AgentCommand, Unread};

use super::{
    conversation::{Conversation, Step},
    question::Question,
};

/// How long one agent may take. It answers within some milliseconds, and in a guest under load within
/// tens. A machine whose guest runs no agent costs all of it in every run.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Most agents that are asked at one time: below the number of files that macOS lets a program open.
const AT_ONCE: usize = 200;

/// Bytes read at once.
const PIECE: usize = 16 << 10;

/// Asks one agent until the deadline. `id` is a number that no answer to an earlier client has.
///
/// # Errors
/// It did not answer, or not with a reply.
pub fn ask(
    connection: UnixStream,
    command: AgentCommand,
    id: u32,
    deadline: Instant,
) -> Result<String, Unread> {
    talk(connection, (Question::Command(command), id), deadline)
}

/// The same for any request.
pub(super) fn talk(
    connection: UnixStream,
    question: (Question, u32),
    deadline: Instant,
) -> Result<String, Unread> {
    let mut talk = Talk::new((), connection, question, deadline);
    loop {
        if let Some(reply) = talk.advance() {
            return reply;
        }
        wait(std::slice::from_ref(&talk));
    }
}

/// Asks all agents, each for half a second at most and until the deadline, and reports each answer as it
/// comes. `connect` is called when an agent's turn comes.
pub fn ask_all<T>(
    agents: impl IntoIterator<Item = T>,
    connect: impl Fn(&T) -> Result<UnixStream, Unread>,
    (command, id): (AgentCommand, u32),
    deadline: Instant,
    mut report: impl FnMut(T, Result<String, Unread>),
) {
    let mut agents = agents.into_iter();
    let mut talks: Vec<Talk<T>> = Vec::new();
    loop {
        while talks.len() < AT_ONCE
            && Instant::now() < deadline
            && let Some(agent) = agents.next()
        {
            let until = deadline.min(Instant::now() + TIMEOUT);
            match connect(&agent) {
                Ok(stream) => {
                    let question = (Question::Command(command), id);
                    talks.push(Talk::new(agent, stream, question, until));
                }
                Err(why) => report(agent, Err(why)),
            }
        }
        if talks.is_empty() {
            break;
        }
        let mut at = 0;
        while at < talks.len() {
            match talks[at].advance() {
                None => at += 1,
                Some(reply) => report(talks.swap_remove(at).of, reply),
            }
        }
        wait(&talks);
    }
    agents.for_each(|agent| report(agent, Err(Unread::TimedOut)));
}

/// A number that no answer to an earlier client has: the time in milliseconds, cut to what every
/// agent's JSON parser accepts as an integer.
pub fn new_conversation() -> u32 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since_epoch.as_millis() & 0x7fff_ffff).unwrap_or_default()
}

/// One conversation on its connection.
struct Talk<T> {
    of: T,
    stream: UnixStream,
    conversation: Conversation,
    /// What is still to be sent.
    outgoing: Vec<u8>,
    until: Instant,
}

impl<T> Talk<T> {
    fn new(of: T, stream: UnixStream, (question, id): (Question, u32), until: Instant) -> Self {
        let (conversation, outgoing) = Conversation::new(id, question);
        Self { of, stream, conversation, outgoing, until }
    }

    /// Sends and receives what it can without waiting; the reply, once the conversation is over.
    fn advance(&mut self) -> Option<Result<String, Unread>> {
        match self.exchange() {
            Ok(None) if Instant::now() < self.until => None,
            Ok(None) => Some(Err(Unread::TimedOut)),
            Ok(Some(reply)) => Some(text(reply)),
            Err(error) => Some(Err(Unread::Failed(format!("talk to the guest agent: {error}")))),
        }
    }

    fn exchange(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = [0; PIECE];
        loop {
            self.send()?;
            let length = match self.stream.read(&mut piece) {
                Ok(0) => {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it was closed"));
                }
                Ok(length) => length,
                Err(error) if is_passing(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            match self.conversation.take(&piece[..length]) {
                Step::Wait => {}
                Step::Send(bytes) => self.outgoing.extend(bytes),
                Step::Done(reply) => return Ok(Some(reply)),
                Step::TooLong => return Err(io::Error::other("the reply is too long")),
            }
            // The others get their turn, and the deadline is looked at.
            if Instant::now() >= self.until {
                return Ok(None);
            }
        }
    }

    fn send(&mut self) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(length) => drop(self.outgoing.drain(..length)),
                Err(error) if is_passing(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The reply as text. In JSON no control byte stands for itself, and each would take six bytes in a
/// frame.
fn text(reply: Vec<u8>) -> Result<String, Unread> {
    let is_control = |byte: u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let text = String::from_utf8(reply).ok().filter(|text| !text.bytes().any(is_control));
    text.ok_or_else(|| Unread::Malformed("the guest agent's reply: it is no JSON".to_owned()))
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Waits until one of them can go on, or is over.
fn wait<T>(talks: &[Talk<T>]) {
    let Some(next) = talks.iter().map(|talk| talk.until).min() else { return };
    let left = next.saturating_duration_since(Instant::now());
    let events = |talk: &Talk<T>| {
        if talk.outgoing.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT }
    };
    let mut sockets: Vec<_> =
        talks.iter().map(|talk| PollFd::new(&talk.stream, events(talk))).collect();
    if let Ok(left) = Timespec::try_from(left) {
        // An interrupted wait is followed by another one.
        poll(&mut sockets, Some(&left)).ok();
    }
}
