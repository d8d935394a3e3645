//! The messages of the worker protocol.

use serde::{Deserialize, Serialize};
use vmkit_types::{Source, Stage};

use crate::{
    Needs,
    code::{SourceCode, StageCode},
    machine::{WireMachine, few_machines},
    program::Program,
    question::{Answer, Answered, Opened, Question, Resource},
};

/// Version of the protocol. Host and worker are installed together, so different versions mean a
/// broken installation.
pub const WIRE_VERSION: u32 = 3;

/// From the host to its worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ToWorker {
    /// The first message: the worker confines itself, then loads the library. On Linux the library
    /// comes beside this message as a descriptor.
    Load(Load),
    /// One call of the signal.
    Observe(Observe),
    /// One call of the advice source.
    Advise(Advise),
    /// One call of the inventory.
    List(List),
    /// Ends the current call.
    Cancel,
    /// The answer to [`FromWorker::Open`]; a granted descriptor comes beside it.
    Opened(Opened),
    /// One answer to [`FromWorker::Ask`].
    Answer(Answer),
    /// All answers to [`FromWorker::Ask`] have come.
    Answered(Answered),
}

/// What a worker needs before it loads.
#[derive(Debug, Serialize, Deserialize)]
pub struct Load {
    /// [`WIRE_VERSION`] of the host.
    pub wire: u32,
    /// The configuration of the plugin: a JSON object, as text.
    pub configuration: String,
    /// What its confinement must permit.
    pub needs: Needs,
    /// Whether it may load the plugin where files cannot be confined.
    #[serde(default)]
    pub may_run_unconfined: bool,
    /// Whether it writes files of a snapshot, which the host opens.
    #[serde(default)]
    pub records: bool,
    /// The user to become, if the worker starts as root.
    pub account: Option<Account>,
    /// Path of the library or of the program's file, if it cannot be passed as a descriptor (macOS).
    pub path: Option<String>,
    /// The program that the plugin is; without one it is a library. Its file comes beside this message,
    /// and then its interpreter, if it has one.
    #[serde(default)]
    pub program: Option<Program>,
    /// The least severe level of log lines that the host keeps, 1 (error) to 5 (trace).
    pub log_level: u32,
    /// Process id of the host, to end when the host ends.
    pub host_pid: u32,
}

/// A user of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// One call of the signal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Observe {
    /// What the call asks for.
    #[serde(with = "StageCode")]
    pub stage: Stage,
    /// Where to look.
    #[serde(with = "SourceCode")]
    pub source: Source,
    /// The present in milliseconds since the Unix epoch; in a snapshot, the time of its capture.
    pub now_ms: i64,
    /// Milliseconds until the host stops waiting.
    pub budget_ms: u64,
    /// The artefacts of the snapshot that the manifest declares and that are there, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artefacts: Vec<String>,
    /// The batch.
    pub vms: Vec<WireSubject>,
}

/// One call of the advice source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Advise {
    /// The present in milliseconds since the Unix epoch; in a snapshot, the time of its capture.
    pub now_ms: i64,
    /// Milliseconds until the host stops waiting.
    pub budget_ms: u64,
    /// What is known of the network.
    pub facts: Vec<WireFact>,
}

/// One call of the inventory.
#[derive(Debug, Serialize, Deserialize)]
pub struct List {
    /// The present in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Milliseconds until the host stops waiting.
    pub budget_ms: u64,
}

/// One fact about the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireFact {
    /// Such as `gateway.address`.
    pub key: String,
    /// Its value. It comes from the network and is unchecked.
    pub value: String,
}

/// One machine of the batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireSubject {
    /// Its name.
    pub name: String,
    /// Its MACs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// Its network cards, each as the text of a card.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<String>,
    /// The host name its guest is meant to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Whether its console log can be opened.
    #[serde(default)]
    pub has_console: bool,
    /// Whether its guest agent can be asked.
    #[serde(default)]
    pub has_guest_agent: bool,
    /// Addresses found so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// SSH host keys that the machine is known by, each as the text of a known key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_host_keys: Vec<String>,
}

/// From the worker to its host.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum FromWorker {
    /// The plugin is loaded.
    Ready {
        /// Whether it was built against an older version of the interface.
        older_than_host: bool,
        /// How it is confined, in plain words.
        confinement: String,
        /// What is not confined, in plain words, if something is not.
        #[serde(default)]
        unconfined: Option<String>,
        /// The kinds that it offers, by their words in a manifest, if that is known.
        #[serde(default)]
        offers: Option<Vec<String>>,
    },
    /// Observations, as they are found.
    Observations {
        /// In the order of their report.
        items: Vec<WireObservation>,
    },
    /// Conclusions from the facts.
    Advice {
        /// In the order of their report.
        items: Vec<WireAdvice>,
    },
    /// Machines of the manager, in one or several messages.
    Machines {
        /// In the order of the plugin, at most [`MACHINES_IN_FRAME`](crate::MACHINES_IN_FRAME).
        #[serde(deserialize_with = "few_machines")]
        items: Vec<WireMachine>,
    },
    /// A line of the plugin's log.
    Log {
        /// 1 (error) to 5 (trace).
        level: u32,
        /// The part of the plugin that logs it.
        target: String,
        /// The line.
        message: String,
    },
    /// Asks the host to open something.
    Open {
        /// Its kind.
        resource: Resource,
        /// Its name or index.
        argument: String,
    },
    /// Asks the host a question. The host answers one after another.
    Ask {
        /// What is asked.
        question: Question,
        /// The number that its answers have.
        number: u32,
        /// What it is asked about.
        words: Vec<String>,
    },
    /// The call has succeeded.
    Done,
    /// Loading or the call has failed.
    Failed {
        /// Its class.
        code: FailureCode,
        /// What failed, in one sentence.
        message: String,
    },
}

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The worker could not confine itself, so it did not load.
    Confinement,
    /// Files cannot be confined here, and nobody has agreed to that.
    NotConfined,
    /// The library or its layout does not match this host.
    Incompatible,
    /// The plugin does not accept the configuration.
    Configuration,
    /// The operating system refused.
    Denied,
    /// The plugin gave up at its deadline.
    TimedOut,
    /// The plugin panicked.
    Panic,
    /// The process of the plugin's program ended.
    Died,
    /// The program broke the line protocol, so that nothing of its report can be relied on.
    Protocol,
    /// The program wrote more than anybody can use.
    Flood,
    /// None of the others.
    #[serde(other)]
    Other,
}

/// One observation, unchecked, as the plugin reports it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireObservation {
    /// Index of the machine in the batch.
    pub vm: u32,
    /// Code of its kind.
    pub kind: String,
    /// The address that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The MAC that its source names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Its age in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// The observation in plain words.
    pub says: String,
    /// Further details by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, String)>,
}

/// One advice, unchecked, as the plugin states it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireAdvice {
    /// What it states.
    pub kind: WireAdviceKind,
    /// Such as `bt-smart-hub-2`.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// From 0 to 1000.
    pub confidence_permille: u16,
    /// What led to it.
    #[serde(default)]
    pub because: Vec<String>,
    /// What to do.
    #[serde(default)]
    pub steps: Vec<WireStep>,
}

/// What an advice states.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WireAdviceKind {
    /// Which router this is.
    Router,
    /// What can be done.
    Remedy,
    /// What the router reports about one MAC.
    Witness {
        /// The MAC.
        mac: String,
        /// Code of what the router reports.
        seen: String,
    },
    /// A kind that only a later version knows, or a witness without its MAC.
    Unknown,
}

/// One step of a remedy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireStep {
    /// What to do.
    pub text: String,
    /// A command that belongs to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<WireWord>,
}

/// One word of a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WireWord {
    /// The word itself.
    Literal(String),
    /// The name of the VM at hand.
    MachineName,
}

/// A plugin's configuration as the text of a JSON object, for [`Load::configuration`].
pub fn configuration(table: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(table)
}
