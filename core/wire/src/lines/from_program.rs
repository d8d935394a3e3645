//! What the program of a plugin writes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::LogLevel;
use crate::machine::WireMachine;

/// One line of the program.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ProgramLine {
    /// The answer to `hello`: the program accepts its configuration.
    Ready {
        /// The version of this protocol that the program speaks.
        protocol: u32,
    },
    /// One observation of a signal.
    Observation(ObservationLine),
    /// One machine of an inventory. A field with a value is known, `null` says that there is nothing, and a
    /// missing field was not looked at, unless `unknown` has its reason.
    Machine(Box<WireMachine>),
    /// One conclusion of an advice plugin.
    Advice(AdviceLine),
    /// A line for the log.
    Log {
        /// How severe it is.
        #[serde(default)]
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// Asks for a file that the manifest declares.
    ReadFile {
        /// Its path, which may begin with `{home}/`.
        path: String,
        /// How much of it.
        #[serde(flatten)]
        part: Part,
    },
    /// Asks for the console log of a machine of the batch.
    Console {
        /// Index of the machine.
        vm: u32,
        /// How much of it.
        #[serde(flatten)]
        part: Part,
    },
    /// Asks for an artefact of the snapshot that is replayed.
    ReadArtefact {
        /// Its path in the snapshot.
        artefact: String,
        /// How much of it.
        #[serde(flatten)]
        part: Part,
    },
    /// Records an artefact into the snapshot that is written.
    Record {
        /// Its path in the snapshot.
        artefact: String,
        /// Its contents.
        text: String,
    },
    /// Asks which files match a pattern of the manifest.
    Files {
        /// The pattern, as in the manifest.
        pattern: String,
    },
    /// Asks for the processes that run a program of the manifest's `processes`.
    Processes,
    /// Asks who answers ARP for candidates of the batch.
    WhoHas {
        /// The addresses.
        addresses: Vec<String>,
    },
    /// Asks the guest agents of machines of the batch.
    GuestAgents {
        /// Name of the command, such as `guest-network-get-interfaces`.
        command: String,
        /// Indices of the machines.
        vms: Vec<u32>,
    },
    /// The call has succeeded.
    Done,
    /// Starting or the call has failed.
    Failed {
        /// The class: `configuration`, `denied`, `timed-out`; all others are one.
        #[serde(default)]
        code: Option<String>,
        /// What failed, in one sentence.
        message: String,
    },
    /// A type that this version does not know. It has no effect.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// How much of a file is read.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// Most bytes; without it 1 MiB, and 4 MiB at most.
    #[serde(default)]
    pub limit: Option<u64>,
    /// The last bytes in place of the first.
    #[serde(default)]
    pub from_end: bool,
    /// One answer for each line.
    #[serde(default)]
    pub by_line: bool,
}

/// One observation.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObservationLine {
    /// Index of the machine in the batch.
    pub vm: u32,
    /// Code of its kind, such as `lease-current`.
    pub kind: String,
    /// The address that it is about.
    #[serde(default)]
    pub address: Option<String>,
    /// The MAC that its source names.
    #[serde(default)]
    pub mac: Option<String>,
    /// Its age in milliseconds.
    #[serde(default)]
    pub age_ms: Option<u64>,
    /// The observation in plain words.
    pub says: String,
    /// Further details by name.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// One advice.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdviceLine {
    /// `router`, `remedy` or `witness`.
    pub kind: String,
    /// Such as `bt-smart-hub-2`.
    #[serde(default)]
    pub id: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// From 0 to 1.
    #[serde(default)]
    pub confidence: f64,
    /// What led to it.
    #[serde(default)]
    pub because: Vec<String>,
    /// What to do.
    #[serde(default)]
    pub steps: Vec<StepLine>,
    /// Of a witness: the MAC.
    #[serde(default)]
    pub mac: Option<String>,
    /// Of a witness: `listed`, `not-listed`, `blocked` or `web-hijacked`.
    #[serde(default)]
    pub seen: Option<String>,
}

/// One step of a remedy.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepLine {
    /// What to do.
    pub text: String,
    /// The words of a command that belongs to it; `{vm}` is the name of the VM at hand.
    #[serde(default)]
    pub command: Vec<String>,
}
