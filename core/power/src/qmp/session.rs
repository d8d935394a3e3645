//! The protocol with one monitor, without its socket.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use vmkit_model::QmpStatus;
use vmkit_types::bounded;

/// Most bytes that a monitor may send before its answer. A greeting has about 150, an event about
/// 100; a guest that is reset in a loop may raise hundreds.
const REPLY_LIMIT: usize = 64 * 1024;

/// Longest name of a state that is kept; QEMU's own have up to 14 bytes.
const STATE_LIMIT: usize = 32;

/// The id of the console's character device in the command lines of [`crate::arguments`].
const CONSOLE: &str = "serial0";

/// How QEMU writes a Unix socket with a client, and one without.
const IN_USE: &str = "unix:";
const FREE: &str = "disconnected:unix:";

/// What a client finds at a machine's console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleSocket {
    /// A socket that serves the next client.
    Free,
    /// A socket that serves another client.
    InUse,
    /// No socket: the machine has no console, or it goes to a file.
    Missing,
}

/// The next step of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// More has to be received.
    Wait,
    /// The status that was asked for.
    Answer(QmpStatus),
    /// QEMU carried out the command.
    Done,
    /// What a client finds at the machine's console.
    Console(ConsoleSocket),
    /// What the monitor did instead.
    Refused(&'static str),
}

/// One conversation: greeting, capabilities and the answer. Events in between are skipped.
pub struct Session {
    received: Vec<u8>,
    total: usize,
    received_part: Received,
    asked: Asked,
    /// What was said before the status.
    unopened: Vec<PathBuf>,
    /// QEMU's version, from the greeting.
    version: Option<String>,
}

/// The subject of a conversation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Status,
    Console,
    Command,
}

/// The part of the conversation that was received.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Received {
    Nothing,
    Greeting,
    Capabilities,
    /// The answer about channels, which comes before that about the status.
    Channels,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "QMP")]
    greeting: Option<Value>,
    #[serde(rename = "return")]
    result: Option<Value>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Status {
    running: Option<bool>,
    status: Option<String>,
}

/// A character device of `query-chardev`.
#[derive(Deserialize)]
struct Chardev {
    label: String,
    filename: String,
    /// Whether the guest has opened its end, since QEMU 2.1.
    #[serde(rename = "frontend-open")]
    is_open: Option<bool>,
}

impl Session {
    /// A conversation that asks for the status.
    pub fn of_status() -> Self {
        Self {
            received: Vec::new(),
            total: 0,
            received_part: Received::Nothing,
            asked: Asked::Status,
            unopened: Vec::new(),
            version: None,
        }
    }

    /// A conversation that gives a command. QEMU answers only that it was carried out.
    pub fn of_command() -> Self {
        Self { asked: Asked::Command, ..Self::of_status() }
    }

    /// A conversation that asks what a client finds at the console.
    pub(crate) fn of_console() -> Self {
        Self { asked: Asked::Console, ..Self::of_status() }
    }

    /// Handles bytes of the monitor, which sends one JSON object per line.
    pub fn take(&mut self, bytes: &[u8]) -> Step {
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
        let of_channels =
            self.asked == Asked::Status && self.received_part == Received::Capabilities;
        if reply.error.is_some() && of_channels {
            self.received_part = Received::Channels;
            return Step::Wait;
        }
        if reply.error.is_some() {
            return Step::Refused(match self.asked {
                Asked::Status | Asked::Console => "refused the query",
                Asked::Command => "refused the command",
            });
        }
        match (self.received_part, reply.greeting, reply.result) {
            (Received::Nothing, Some(greeting), _) => {
                self.version = version(&greeting);
                self.received_part = Received::Greeting;
                Step::Wait
            }
            (Received::Greeting, _, Some(_)) => {
                self.received_part = Received::Capabilities;
                Step::Wait
            }
            (Received::Capabilities, _, Some(result)) if of_channels && result.is_array() => {
                self.received_part = Received::Channels;
                self.unopened = unopened(result);
                Step::Wait
            }
            (Received::Capabilities | Received::Channels, _, Some(result)) => {
                let (unopened, version) = (std::mem::take(&mut self.unopened), self.version.take());
                self.asked.answer(result, unopened, version)
            }
            // An event.
            _ => Step::Wait,
        }
    }
}

/// QEMU's version in its greeting, such as `8.2.2`.
fn version(greeting: &Value) -> Option<String> {
    let numbers = greeting.pointer("/version/qemu")?;
    let number = |name| numbers.get(name)?.as_u64();
    Some(format!("{}.{}.{}", number("major")?, number("minor")?, number("micro")?))
}

/// What `query-chardev` answers.
fn channels(result: Value) -> Vec<Chardev> {
    serde_json::from_value(result).unwrap_or_default()
}

/// The sockets of the channels whose end in the guest nobody has opened.
fn unopened(result: Value) -> Vec<PathBuf> {
    let devices = channels(result);
    let unopened = devices.iter().filter(|device| device.is_open == Some(false));
    let socket = |device: &Chardev| {
        let name = &device.filename;
        let path = name.strip_prefix(FREE).or_else(|| name.strip_prefix(IN_USE))?;
        Some(PathBuf::from(path.rsplit_once(",server").map_or(path, |(path, _)| path)))
    };
    unopened.filter_map(socket).collect()
}

impl Asked {
    /// What the result of the command says.
    fn answer(self, result: Value, unopened: Vec<PathBuf>, version: Option<String>) -> Step {
        match self {
            Self::Command => Step::Done,
            Self::Status => match serde_json::from_value(result) {
                Ok(Status { running: Some(running), status: Some(state) }) => {
                    let state = bounded(&state, STATE_LIMIT).to_owned();
                    Step::Answer(QmpStatus { running, state, unopened, version })
                }
                _ => Step::Refused("answered without a status"),
            },
            Self::Console => {
                let console = channels(result).into_iter().find(|device| device.label == CONSOLE);
                let filename = console.map(|console| console.filename).unwrap_or_default();
                Step::Console(if filename.starts_with(FREE) {
                    ConsoleSocket::Free
                } else if filename.starts_with(IN_USE) {
                    ConsoleSocket::InUse
                } else {
                    ConsoleSocket::Missing
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: &str = r#"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}"#;
    const EVENT: &str = r#"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": true}}"#;
    const DONE: &str = r#"{"return": {}}"#;
    const NO_CHANNEL: &str = r#"{"return": []}"#;

    fn status(running: bool, state: &str) -> Step {
        let version = Some("7.2.22".to_owned());
        Step::Answer(QmpStatus { running, state: state.to_owned(), unopened: Vec::new(), version })
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
            (&[GREETING, DONE, NO_CHANNEL], Step::Wait),
            (&[GREETING, DONE, NO_CHANNEL, DONE], Step::Refused("answered without a status")),
            (
                &[GREETING, r#"{"error": {"class": "X", "desc": "y"}}"#],
                Step::Refused("refused the query"),
            ),
            (&["SSH-2.0-OpenSSH_9.6"], Step::Refused("does not speak QMP")),
            (&["[1]"], Step::Refused("does not speak QMP")),
        ];
        for (lines, expected) in table {
            let mut session = Session::of_status();
            let steps = lines.iter().map(|line| session.take(format!("{line}\r\n").as_bytes()));
            let last = steps.filter(|step| *step != Step::Wait).last().unwrap_or(Step::Wait);
            assert_eq!(last, *expected, "{lines:?}");
        }
    }

    #[test]
    fn a_greeting_without_a_version_is_one() {
        let running = r#"{"return": {"running": true, "status": "running"}}"#;
        for greeting in [r#"{"QMP": {}}"#, r#"{"QMP": {"version": {"qemu": {"major": "x"}}}}"#] {
            let mut session = Session::of_status();
            let lump = format!("{greeting}\n{DONE}\n{running}\n");
            let Step::Answer(status) = session.take(lump.as_bytes()) else { panic!("{greeting}") };
            assert_eq!(status.version, None);
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
    fn names_the_channels_that_nobody_in_the_guest_has_opened() {
        let devices = r#"{"return": [
            {"frontend-open": false, "filename": "unix:/a.agent,server=on", "label": "agent0"},
            {"frontend-open": false, "filename": "disconnected:unix:/b,c,server=on", "label": "b"},
            {"frontend-open": true, "filename": "unix:/open,server=on", "label": "c"},
            {"frontend-open": false, "filename": "file", "label": "d"},
            {"filename": "unix:/old,server", "label": "e"}]}"#
            .replace('\n', " ");
        let running = r#"{"return": {"running": true, "status": "running"}}"#;
        let mut session = Session::of_status();
        let lump = format!("{GREETING}\r\n{DONE}\r\n{devices}\r\n{running}\r\n");
        let unopened = ["/a.agent", "/b,c"].map(PathBuf::from).to_vec();
        let state = "running".to_owned();
        let version = Some("7.2.22".to_owned());
        let expected = Step::Answer(QmpStatus { running: true, state, unopened, version });
        assert_eq!(session.take(lump.as_bytes()), expected);
    }

    #[test]
    fn sees_whether_the_console_has_a_client() {
        let devices = |filename: &str| {
            format!(
                r#"{{"return": [{{"frontend-open": true, "filename": "unix:/m", "label": "monitor0"}},
                {{"frontend-open": false, "filename": "{filename}", "label": "serial0"}}]}}"#
            )
            .replace('\n', " ")
        };
        let none =
            r#"{"return": [{"frontend-open": true, "filename": "file", "label": "serial1"}]}"#;
        let rows = [
            (devices("disconnected:unix:/c,server=on"), ConsoleSocket::Free),
            (devices("unix:/c,server=on"), ConsoleSocket::InUse),
            (devices("file"), ConsoleSocket::Missing),
            (none.to_owned(), ConsoleSocket::Missing),
            (DONE.to_owned(), ConsoleSocket::Missing),
        ];
        for (answer, expected) in rows {
            let mut session = Session::of_console();
            let lump = format!("{GREETING}\r\n{DONE}\r\n{answer}\r\n");
            assert_eq!(session.take(lump.as_bytes()), Step::Console(expected), "{answer}");
        }
    }

    #[test]
    fn reads_lines_in_pieces_and_in_lumps() {
        let mut session = Session::of_status();
        let lump = format!("{GREETING}\r\n{EVENT}\r\n{DONE}\r\n{NO_CHANNEL}\r\n");
        assert_eq!(session.take(lump.as_bytes()), Step::Wait);
        let answer = r#"{"return": {"running": true, "status": "running"}}"#;
        let steps: Vec<_> = answer.bytes().map(|byte| session.take(&[byte])).collect();
        assert!(steps.iter().all(|step| *step == Step::Wait));
        assert_eq!(session.take(b"\n"), status(true, "running"));
    }

    #[test]
    fn refuses_a_monitor_that_never_ends() {
        let mut session = Session::of_status();
        let chunk = [b' '; 4096];
        let refused = (0..=REPLY_LIMIT / chunk.len()).map(|_| session.take(&chunk)).last();
        assert_eq!(refused, Some(Step::Refused("sent more than a monitor does")));
    }
}
