//! What a plugin asks its host for during a call, and what it gets.

use serde::{Deserialize, Serialize};

/// What a plugin can ask the host to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// The console log of a machine of the batch.
    Console,
    /// An artefact of the snapshot that is being replayed.
    Artefact,
    /// A new file of the snapshot that is being recorded.
    Recording,
    /// A file that the manifest declares: its path.
    File,
    /// The paths that match a pattern of the manifest.
    Files,
    /// What a service of a manager answers: its socket, a blank and the request.
    LocalApi,
    /// What a tool of the system prints: its command line.
    Tool,
    /// A channel that hosts of an earlier version handed over. It is refused.
    Channel,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

/// What a plugin can ask the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Who answers ARP for candidates of the batch: their addresses.
    WhoHas,
    /// What the guest agents of machines report: the name of a command, and indices in the batch.
    GuestAgents,
    /// The processes that run a program of the manifest's `processes`; no words.
    Processes,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

/// One answer to a question.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The number of the question.
    pub number: u32,
    /// The answer as names and values.
    pub attributes: Vec<(String, String)>,
}

/// The end of the answers to a question.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answered {
    /// The number of the question.
    pub number: u32,
    /// Why it was not answered, or not to its end.
    pub refusal: Option<Refusal>,
}

/// The answer to a request to open something.
#[derive(Debug, Serialize, Deserialize)]
pub struct Opened {
    /// Why it was not opened; `None`: the descriptor comes beside this message.
    pub refusal: Option<Refusal>,
}

/// Why something was not opened or answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// Whether the permission is missing.
    pub denied: bool,
    /// Whether it does not exist.
    pub not_found: bool,
    /// Names the operation and the object.
    pub message: String,
}

impl Refusal {
    /// A refusal for a missing permission.
    pub fn denied(message: impl Into<String>) -> Self {
        Self { denied: true, not_found: false, message: message.into() }
    }

    /// A refusal of what does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { denied: false, not_found: true, message: message.into() }
    }

    /// A failure of another kind.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { denied: false, not_found: false, message: message.into() }
    }
}
