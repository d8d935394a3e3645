//! The protocol with one monitor, without its socket.

use serde::Deserialize;
use vmkit_model::QmpStatus;
use vmkit_types::bounded;

/// Most bytes that a monitor may send before its answer. A greeting has about 150, an event about
/// 100; a guest that is reset in a loop may raise hundreds.
const REPLY_LIMIT: usize = 64 * 1024;

/// Longest name of a state that is kept; QEMU's own have up to 14 bytes.
const STATE_LIMIT: usize = 32;

/// The next step of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Wait,
    Answer(QmpStatus),
    /// QEMU carried out the command.
    Done,
    Refused(&'static str),
}

/// One conversation: greeting, capabilities and the answer. Events in between are skipped.
pub(crate) struct Session {
    received: Vec<u8>,
    total: usize,
    received_part: Received,
    asked: Asked,
}

/// The subject of a conversation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Status,
    Command,
}

/// The part of the conversation that was received.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Received {
    Nothing,
    Greeting,
    Capabilities,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "QMP")]
    greeting: Option<serde::de::IgnoredAny>,
    #[serde(rename = "return")]
    result: Option<Status>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Status {
    running: Option<bool>,
    status: Option<String>,
}

impl Session {
    /// A conversation that asks for the status.
    pub(crate) fn new() -> Self {
        Self {
            received: Vec::new(),
            total: 0,
            received_part: Received::Nothing,
            asked: Asked::Status,
        }
    }

    /// A conversation that gives a command. QEMU answers only that it was carried out.
    pub(crate) fn of_command() -> Self {
        Self { asked: Asked::Command, ..Self::new() }
    }

    /// Handles bytes of the monitor, which sends one JSON object per line.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Step {
        self.total = self.total.saturating_add(bytes.len());
        if self.total > REPLY_LIMIT {
            return Step::Refused("sent more than a monitor does");
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.received.extend_from_slice(part);
            if !part.ends_with(b"\n") {
                break;
            }
            let line = std::mem::take(&mut self.received);
            match self.line(line.trim_ascii()) {
                Step::Wait => {}
                end => return end,
            }
        }
        Step::Wait
    }

    fn line(&mut self, line: &[u8]) -> Step {
        if line.is_empty() {
            return Step::Wait;
        }
        let Ok(reply) = serde_json::from_slice::<Reply>(line) else {
            return Step::Refused("does not speak QMP");
        };
        if reply.error.is_some() {
            return Step::Refused(match self.asked {
                Asked::Status => "refused the query",
                Asked::Command => "refused the command",
            });
        }
        match (self.received_part, reply.greeting, reply.result) {
            (Received::Nothing, Some(_), _) => {
                self.received_part = Received::Greeting;
                Step::Wait
            }
            (Received::Greeting, _, Some(_)) => {
                self.received_part = Received::Capabilities;
                Step::Wait
            }
            (Received::Capabilities, _, Some(_)) if self.asked == Asked::Command => Step::Done,
            (
                Received::Capabilities,
                _,
                Some(Status { running: Some(running), status: Some(state) }),
            ) => {
                Step::Answer(QmpStatus { running, state: bounded(&state, STATE_LIMIT).to_owned() })
            }
            (Received::Capabilities, _, Some(_)) => Step::Refused("answered without a status"),
            // An event.
            _ => Step::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: &str = r#"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}"#;
    const EVENT: &str = r#"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": true}}"#;
    const DONE: &str = r#"{"return": {}}"#;

    fn status(running: bool, state: &str) -> Step {
        Step::Answer(QmpStatus { running, state: state.to_owned() })
    }

    #[test]
    fn ends_a_conversation_with_a_status_or_a_reason() {
        let paused = r#"{"return": {"status": "paused", "singlestep": false, "running": false}}"#;
        let running = r#"{"return": {"running": true, "status": "running"}}"#;
        let table: &[(&[&str], Step)] = &[
            (&[GREETING], Step::Wait),
            (&[GREETING, DONE], Step::Wait),
            (&[GREETING, DONE, running], status(true, "running")),
            (&[GREETING, EVENT, DONE, EVENT, paused], status(false, "paused")),
            (&[EVENT], Step::Wait),
            (&[running], Step::Wait),
            (&["", ""], Step::Wait),
            (&[GREETING, DONE, DONE], Step::Refused("answered without a status")),
            (
                &[GREETING, r#"{"error": {"class": "X", "desc": "y"}}"#],
                Step::Refused("refused the query"),
            ),
            (&["SSH-2.0-OpenSSH_9.6"], Step::Refused("does not speak QMP")),
            (&["[1]"], Step::Refused("does not speak QMP")),
        ];
        for (lines, expected) in table {
            let mut session = Session::new();
            let steps = lines.iter().map(|line| session.take(format!("{line}\r\n").as_bytes()));
            let last = steps.filter(|step| *step != Step::Wait).last().unwrap_or(Step::Wait);
            assert_eq!(last, *expected, "{lines:?}");
        }
    }

    #[test]
    fn ends_a_command_when_it_was_carried_out_or_refused() {
        let missing = r#"{"error": {"class": "DeviceNotFound", "desc": "Device 'n0' not found"}}"#;
        let table: &[(&[&str], Step)] = &[
            (&[GREETING, DONE], Step::Wait),
            (&[GREETING, DONE, EVENT, DONE], Step::Done),
            (&[GREETING, DONE, missing], Step::Refused("refused the command")),
        ];
        for (lines, expected) in table {
            let mut session = Session::of_command();
            let steps = lines.iter().map(|line| session.take(format!("{line}\r\n").as_bytes()));
            assert_eq!(steps.last().as_ref(), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn reads_lines_in_pieces_and_in_lumps() {
        let mut session = Session::new();
        let lump = format!("{GREETING}\r\n{EVENT}\r\n{DONE}\r\n");
        assert_eq!(session.take(lump.as_bytes()), Step::Wait);
        let answer = r#"{"return": {"running": true, "status": "running"}}"#;
        let steps: Vec<_> = answer.bytes().map(|byte| session.take(&[byte])).collect();
        assert!(steps.iter().all(|step| *step == Step::Wait));
        assert_eq!(session.take(b"\n"), status(true, "running"));
    }

    #[test]
    fn refuses_a_monitor_that_never_ends() {
        let mut session = Session::new();
        let chunk = [b' '; 4096];
        let refused = (0..=REPLY_LIMIT / chunk.len()).map(|_| session.take(&chunk)).last();
        assert_eq!(refused, Some(Step::Refused("sent more than a monitor does")));
    }
}
