//! The conversation with one monitor, without its socket.

use serde::Deserialize;
use serde_json::json;
use vmkit_model::QmpStatus;
use vmkit_types::bounded;

/// Most bytes that a monitor may send before its answer. A greeting has about 150, an event about
/// 100; a guest that is reset in a loop may raise hundreds.
const REPLY_LIMIT: usize = 64 * 1024;

/// Longest name of a state that is kept; QEMU's own have up to 14 bytes.
const STATE_LIMIT: usize = 32;

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Wait,
    Answer(QmpStatus),
    /// The command was carried out.
    Done,
    Refused(&'static str),
}

/// The whole of what is said to a monitor, in one piece: QEMU takes commands in their order, and a
/// hundred monitors that are woken once each answer in a third of the time of three exchanges.
///
/// QEMU reads it byte by byte, each in a round of its loop and some 6 µs, and a command ends with
/// its brace: no byte more is said.
pub(crate) const COMMANDS: &[u8] =
    b"{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-status\"}";

/// What is said to a monitor so that the host's end of a network card's cable is plugged in or
/// pulled out. To QEMU it is the card's link as well.
pub(crate) fn set_link(netdev: &str, up: bool) -> Vec<u8> {
    let set = json!({ "execute": "set_link", "arguments": { "name": netdev, "up": up } });
    format!("{{\"execute\":\"qmp_capabilities\"}}{set}").into_bytes()
}

/// One conversation: greeting, capabilities, and what was asked. Events in between are skipped.
pub(crate) struct Session {
    received: Vec<u8>,
    total: usize,
    heard: Heard,
    asked: Asked,
}

/// What a conversation is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Status,
    Command,
}

/// How much of the conversation has been heard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
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
        Self { received: Vec::new(), total: 0, heard: Heard::Nothing, asked: Asked::Status }
    }

    /// A conversation that gives a command, which has no answer but that it was carried out.
    pub(crate) fn of_command() -> Self {
        Self { asked: Asked::Command, ..Self::new() }
    }

    /// Takes bytes of the monitor. It sends one JSON object per line.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Step {
        self.total = self.total.saturating_add(bytes.len());
        if self.total > REPLY_LIMIT {
            return Step::Refused("says more than a monitor would");
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
        match (self.heard, reply.greeting, reply.result) {
            (Heard::Nothing, Some(_), _) => {
                self.heard = Heard::Greeting;
                Step::Wait
            }
            (Heard::Greeting, _, Some(_)) => {
                self.heard = Heard::Capabilities;
                Step::Wait
            }
            (Heard::Capabilities, _, Some(_)) if self.asked == Asked::Command => Step::Done,
            (
                Heard::Capabilities,
                _,
                Some(Status { running: Some(running), status: Some(state) }),
            ) => {
                Step::Answer(QmpStatus { running, state: bounded(&state, STATE_LIMIT).to_owned() })
            }
            (Heard::Capabilities, _, Some(_)) => Step::Refused("answered without a status"),
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
    fn a_conversation_ends_with_a_status_or_a_reason() {
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
    fn a_command_ends_when_it_was_carried_out_or_refused() {
        let said = String::from_utf8(set_link("n\"0", false)).expect("JSON");
        let (_, command) = said.split_once("}{").expect("two commands");
        let command: serde_json::Value = serde_json::from_str(&format!("{{{command}")).unwrap();
        assert_eq!(command["arguments"], json!({ "name": "n\"0", "up": false }));
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
    fn pieces_and_lumps_of_lines_are_the_same() {
        let mut session = Session::new();
        let lump = format!("{GREETING}\r\n{EVENT}\r\n{DONE}\r\n");
        assert_eq!(session.take(lump.as_bytes()), Step::Wait);
        let answer = r#"{"return": {"running": true, "status": "running"}}"#;
        let steps: Vec<_> = answer.bytes().map(|byte| session.take(&[byte])).collect();
        assert!(steps.iter().all(|step| *step == Step::Wait));
        assert_eq!(session.take(b"\n"), status(true, "running"));
    }

    #[test]
    fn a_monitor_that_talks_without_end_is_left() {
        let mut session = Session::new();
        let chunk = [b' '; 4096];
        let refused = (0..=REPLY_LIMIT / chunk.len()).map(|_| session.take(&chunk)).last();
        assert_eq!(refused, Some(Step::Refused("says more than a monitor would")));
    }
}
