//! What `vm-worker` writes to the program. The first field of each line is its type.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use vmkit_types::{Source, Stage};

use crate::{
    WireFact, WireSubject,
    code::{SourceCode, StageCode},
};

/// One line to the program.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum HostLine<'a> {
    /// The first line. The program answers with `ready` or `failed`.
    Hello {
        /// Version of this protocol.
        protocol: u32,
        /// The configuration of the plugin, from the user's configuration file.
        configuration: Cow<'a, Map<String, Value>>,
        /// The least severe level of log lines that anybody sees.
        log_level: LogLevel,
    },
    /// One machine of the batch that the next call is about.
    Vm {
        /// Its index in the batch, from 0 on.
        index: usize,
        /// What is known of it.
        #[serde(flatten)]
        subject: &'a WireSubject,
    },
    /// One fact that the next call is about.
    Fact(&'a WireFact),
    /// Asks a signal for observations about the machines before this line.
    Observe {
        /// What the call asks for.
        #[serde(with = "StageCode")]
        #[cfg_attr(feature = "schema", schemars(with = "StageCode"))]
        stage: Stage,
        /// Where to look.
        #[serde(with = "SourceCode")]
        #[cfg_attr(feature = "schema", schemars(with = "SourceCode"))]
        source: Source,
        /// The present in milliseconds since the Unix epoch; in a snapshot, the time of its capture.
        now_ms: i64,
        /// Milliseconds until the host stops waiting.
        budget_ms: u64,
        /// The artefacts of the snapshot that the manifest declares and that are there, by path.
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        artefacts: &'a [String],
    },
    /// Asks an inventory for its machines.
    List {
        /// The present in milliseconds since the Unix epoch.
        now_ms: i64,
        /// Milliseconds until the host stops waiting.
        budget_ms: u64,
    },
    /// Asks an advice plugin what follows from the facts before this line.
    Advise {
        /// The present in milliseconds since the Unix epoch; in a snapshot, the time of its capture.
        now_ms: i64,
        /// Milliseconds until the host stops waiting.
        budget_ms: u64,
    },
    /// Ends the present call: the program writes `done` or `failed` at once.
    Cancel,
    /// One answer to a question.
    Answer(Box<AnswerLine>),
    /// All answers to a question have come.
    Answered,
    /// A question is not answered, or not to its end.
    Refused {
        /// Its class.
        code: RefusalCode,
        /// Names the operation and the object.
        message: String,
    },
}

/// How severe a log line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// The call failed.
    Error,
    /// Something does not work, and the call goes on.
    Warn,
    /// What a user may want to know.
    #[default]
    Info,
    /// What the author wants to know.
    Debug,
    /// Each step.
    Trace,
}

impl LogLevel {
    const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The number of the level in frames, 1 (error) to 5 (trace).
    pub const fn number(self) -> u32 {
        match self {
            Self::Error => 1,
            Self::Warn => 2,
            Self::Info => 3,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }

    /// The level of this number, or the nearest.
    pub fn of(number: u32) -> Self {
        let same = Self::ALL.into_iter().find(|level| level.number() == number);
        same.unwrap_or(if number == 0 { Self::Error } else { Self::Trace })
    }
}

/// Why a question is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// The manifest or the operating system does not permit it.
    Denied,
    /// It does not exist.
    NotFound,
    /// No answer came before the deadline.
    TimedOut,
    /// It failed in another way.
    Failed,
}

/// One answer. Which fields it has follows from the question.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnswerLine {
    /// Of a file: its text, or with `by_line` one line of it without its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a file that is not UTF-8: its bytes in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Of a file: whether more of it was not read, because of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_cut: Option<bool>,
    /// Of `files`: the path of one file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of `who-has`: the address that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of `who-has`: name of the interface, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Of `who-has`: the hosts that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies: Option<Vec<ArpReplyLine>>,
    /// Of `who-has`: how many requests nobody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u8>,
    /// Of `guest-agents`: index of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm: Option<usize>,
    /// Of `guest-agents`: the raw reply, which is the guest's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// Of `processes`: number of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Of `processes`: its user, where that could be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
    /// Of `processes`: its working directory, where that could be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Of `processes`: its command line, the program first. Its user chose it, so it proves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<String>>,
    /// Why nothing was seen here: `not-tried`, `denied`, `timed-out`, `malformed`, `unsupported` or
    /// `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<&'static str>,
    /// What the reason names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// One host that answered by ARP.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArpReplyLine {
    /// Its MAC.
    pub mac: String,
    /// Microseconds since the request, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_us: Option<u64>,
}
