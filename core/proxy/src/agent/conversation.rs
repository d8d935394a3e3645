//! One conversation with one agent, as bytes in and bytes out: no socket, no clock.

use super::question::Question;

/// A byte that precedes a new reply. No JSON text contains it, so it ends what an earlier client left
/// half read or half written.
const SENTINEL: u8 = 0xff;

/// What follows from the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes have to come.
    Wait,
    /// Send this.
    Send(Vec<u8>),
    /// The reply is complete: this text, of the guest's own.
    Done(Vec<u8>),
    /// The agent sends too much.
    TooLong,
}

/// What the conversation waits for.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// The byte before the answer to the synchronisation.
    Sentinel,
    /// The answer to the synchronisation.
    Synchronised,
    /// The reply to the command.
    Reply,
}

/// A conversation that synchronises with the agent and then sends one request of the list.
#[derive(Debug)]
pub(super) struct Conversation {
    id: u32,
    question: Question,
    phase: Phase,
    /// The bytes of the present line so far.
    line: Vec<u8>,
    received: usize,
}

impl Conversation {
    /// A conversation, and the bytes to send first. `id` is a number that no answer to an earlier client
    /// has.
    pub(super) fn new(id: u32, question: Question) -> (Self, Vec<u8>) {
        let synchronise =
            format!("{{\"execute\":\"guest-sync-delimited\",\"arguments\":{{\"id\":{id}}}}}\n");
        let first = [&[SENTINEL], synchronise.as_bytes()].concat();
        let phase = Phase::Sentinel;
        (Self { id, question, phase, line: Vec::new(), received: 0 }, first)
    }

    /// Takes bytes that the agent sent. What comes after a complete reply is dropped.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Step {
        self.received += bytes.len();
        // An answer to an earlier client may come before the reply.
        if self.received > 2 * self.question.longest_reply() {
            return Step::TooLong;
        }
        let (mut rest, mut step) = (bytes, Step::Wait);
        loop {
            let end = if self.phase == Phase::Sentinel { SENTINEL } else { b'\n' };
            let Some(at) = rest.iter().position(|byte| *byte == end) else {
                if self.phase != Phase::Sentinel {
                    self.line.extend_from_slice(rest);
                }
                return step;
            };
            let (line, after) = rest.split_at(at + 1);
            rest = after;
            match self.phase {
                Phase::Sentinel => self.phase = Phase::Synchronised,
                Phase::Synchronised => {
                    self.line.extend_from_slice(line);
                    self.phase = Phase::Sentinel;
                    // Not before the agent answered: one that starts later would execute what is in the
                    // channel.
                    if self.is_synchronised() {
                        self.phase = Phase::Reply;
                        step = Step::Send(self.question.request().into_bytes());
                    }
                    self.line.clear();
                }
                Phase::Reply => {
                    self.line.extend_from_slice(line);
                    let line = std::mem::take(&mut self.line);
                    return if line.len() > self.question.longest_reply() {
                        Step::TooLong
                    } else {
                        Step::Done(line)
                    };
                }
            }
        }
    }

    /// Whether the line is the answer to this synchronisation: `{"return": 7}`.
    fn is_synchronised(&self) -> bool {
        let expected = format!("{{\"return\":{}}}", self.id);
        let line = self.line.iter().filter(|byte| !byte.is_ascii_whitespace());
        line.eq(expected.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::{AgentAnswer, AgentCommand};

    use super::*;

    const INTERFACES: Question = Question::Command(AgentCommand::Interfaces);
    const REPLY: &[u8] = b"{\"return\": []}\n";
    const COMMAND: &[u8] = b"{\"execute\":\"guest-network-get-interfaces\"}\n";

    /// A name, what the agent sends, and what follows.
    type Row<'a> = (&'a str, &'a [&'a [u8]], Vec<Step>);

    /// What is sent and returned when the agent sends these pieces.
    fn play(pieces: &[&[u8]]) -> Vec<Step> {
        let (mut conversation, _) = Conversation::new(7, INTERFACES);
        let steps = pieces.iter().map(|piece| conversation.take(piece));
        steps.filter(|step| *step != Step::Wait).collect()
    }

    #[test]
    fn sends_its_command_once_the_agent_has_answered_and_not_before() {
        let (_, first) = Conversation::new(7, Question::Command(AgentCommand::HostName));
        let expected =
            b"\xff{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":7}}\n".to_vec();
        assert_eq!(first, expected);
        let asks = || Step::Send(COMMAND.to_vec());
        let replied = || Step::Done(REPLY.to_vec());
        let rows: [Row<'_>; 8] = [
            ("as QEMU's agent", &[b"\xff{\"return\": 7}\n", REPLY], vec![asks(), replied()]),
            ("byte by byte", &[b"\xff", b"{\"return\"", b":7", b"}", b"\n"], vec![asks()]),
            (
                "after what others left",
                &[b"half a repl\"y}\n\xff{\"return\": 1}\n{\"return\": []}\n\xff{broken\n\xff{\"return\": 7}\n"],
                vec![asks()],
            ),
            ("another number", &[b"\xff{\"return\": 77}\n"], vec![]),
            ("a longer answer", &[b"\xff{\"return\": 7, \"x\": 1}\n"], vec![]),
            ("no sentinel", &[b"{\"return\": 7}\n"], vec![]),
            ("a reply in pieces", &[b"\xff{\"return\":7}\n", &REPLY[..3], &REPLY[3..]], vec![asks(), replied()]),
            ("a reply at once", &[b"\xff{\"return\":7}\n{\"return\": []}\nmore"], vec![replied()]),
        ];
        for (what, pieces, expected) in rows {
            assert_eq!(play(pieces), expected, "{what}");
        }
    }

    #[test]
    fn ends_with_an_agent_that_sends_without_end() {
        for byte in [b"x", b"\xff", b"\n"] {
            let (mut conversation, _) = Conversation::new(7, INTERFACES);
            let piece = byte.repeat(1 << 16);
            let steps: Vec<_> = (0..64).map(|_| conversation.take(&piece)).collect();
            assert_eq!(steps.last(), Some(&Step::TooLong));
            assert!(conversation.line.len() <= 2 * AgentAnswer::LONGEST);
        }
    }
}
