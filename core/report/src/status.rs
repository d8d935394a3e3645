//! The view model of `vm status`: what is known, before it becomes text or JSON.

use std::{
    io::{self, Write},
    time::{Duration, SystemTime},
};

use serde::Serialize;
use vmkit_scoring::Pick;
use vmkit_types::{Mac, NetworkMode, Reading};

use crate::{Power, Ssh, State, Terminal, json, state, text};

/// How much was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// Every signal.
    Full,
    /// No slow signal, no statistics.
    Fast,
    /// Processes only.
    Basic,
}

/// What a status is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// How much was asked.
    pub mode: Mode,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// Id of the table of weights, where addresses were scored.
    pub weights: Option<String>,
    /// Whether statistics are wanted. Only the full mode has them.
    pub statistics: bool,
}

/// What is known of one machine.
#[derive(Clone, Debug)]
pub struct VmInput {
    /// Its name in its manager.
    pub name: String,
    /// What its manager and the processes say.
    pub power: Reading<Power>,
    /// Its address.
    pub pick: Pick,
    /// The MAC of its first card.
    pub mac: Reading<Mac>,
    /// The host name that its guest is meant to have.
    pub hostname: Reading<String>,
    /// The user to log in as.
    pub username: Reading<String>,
    /// Id of its process.
    pub pid: Reading<u32>,
    /// How long its process has run.
    pub uptime: Reading<Duration>,
    /// Who manages it, such as `vm-toolkit`.
    pub manager: String,
    /// How its card reaches the world.
    pub net_mode: Reading<NetworkMode>,
    /// The host's interface that its card is on or bridged with.
    pub interface: Reading<String>,
    /// Declared memory in MiB.
    pub memory_mb: Reading<u64>,
    /// Declared processors.
    pub vcpus: Reading<u32>,
    /// Declared size of its disk, as its manager wrote it, such as `60G`.
    pub disk_size: Reading<String>,
    /// Declared operating system, such as `ubuntu-noble`.
    pub os_version: Reading<String>,
    /// Where its files are.
    pub directory: Reading<String>,
    /// What is wrong with it, where that was diagnosed.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong, by the code of its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The code that `vm explain` takes.
    pub code: String,
    /// The finding in plain words.
    pub says: String,
}

/// How a plugin's run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PluginStatus {
    /// It answered.
    Ok,
    /// It did not answer before its deadline.
    Timeout,
    /// Its worker ended unasked.
    Crashed,
    /// It is not trusted.
    Refused,
    /// Its interface is of another epoch or layout.
    Incompatible,
    /// It lacked a privilege.
    Denied,
    /// The mode does not call for it.
    Skipped,
    /// It reported an error.
    Error,
}

/// One plugin's part in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginReport {
    /// Its id.
    pub id: String,
    /// Its version, where the manifest could be read.
    pub version: Option<String>,
    /// How its run ended.
    pub status: PluginStatus,
    /// How long it took, where it ran.
    pub elapsed: Option<Duration>,
    /// Why it did not answer, or what else it said.
    pub message: Option<String>,
    /// The command that mends it, where there is one.
    pub hint: Option<String>,
}

/// A file or object that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// How many machines are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Statistics {
    /// All machines.
    pub total: usize,
    /// With an address and SSH.
    pub running: usize,
    /// With an address, without SSH.
    pub booting: usize,
    /// Running without a usable address.
    pub initializing: usize,
    /// Held still.
    pub paused: usize,
    /// Without a process.
    pub stopped: usize,
    /// Registered, and their directory is gone.
    pub missing: usize,
    /// Of unknown state.
    pub unknown: usize,
}

/// One machine with what follows from its facts.
#[derive(Clone, Debug)]
pub struct Vm {
    /// The facts.
    pub input: VmInput,
    /// Its state.
    pub state: Reading<State>,
    /// SSH at the picked address.
    pub ssh: Ssh,
}

/// The answer of `vm status`.
#[derive(Clone, Debug)]
pub struct Status {
    /// What it is of.
    pub meta: Meta,
    /// The machines, in the order they were given.
    pub vms: Vec<Vm>,
    /// The plugins, in the order they were given.
    pub plugins: Vec<PluginReport>,
    /// Files and objects that could not be used.
    pub problems: Vec<Problem>,
    /// Counts over all machines.
    pub statistics: Statistics,
}

impl Status {
    /// The answer made of these facts.
    pub fn new(
        meta: Meta,
        vms: Vec<VmInput>,
        plugins: Vec<PluginReport>,
        problems: Vec<Problem>,
    ) -> Self {
        let vms: Vec<Vm> = vms.into_iter().map(Vm::new).collect();
        let mut statistics = Statistics { total: vms.len(), ..Statistics::default() };
        for vm in &vms {
            *statistics.count_of(vm.state.as_ref().known().copied()) += 1;
        }
        Self { meta, vms, plugins, problems, statistics }
    }

    /// Writes the document `vmkit.status/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::StatusDocument::new(self))
    }

    /// Writes the table for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_status(self, out, terminal)
    }

    /// Writes the ledger behind each pick.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_explanation(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        text::write_explanation(self, out, terminal)
    }
}

impl Vm {
    pub(crate) fn new(input: VmInput) -> Self {
        let ssh = Ssh::of(&input.pick);
        let state = match &input.power {
            Reading::Known(power) => state(*power, &input.pick, ssh.state),
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why.clone()),
        };
        Self { input, state, ssh }
    }

    /// Whether its process runs it, as far as is known.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.input.power, Reading::Known(Power::Running))
    }
}

impl Statistics {
    fn count_of(&mut self, state: Option<State>) -> &mut usize {
        match state {
            Some(State::Running) => &mut self.running,
            Some(State::Booting) => &mut self.booting,
            Some(State::Initializing) => &mut self.initializing,
            Some(State::Paused) => &mut self.paused,
            Some(State::Stopped) => &mut self.stopped,
            Some(State::Missing) => &mut self.missing,
            None => &mut self.unknown,
        }
    }
}

impl PluginStatus {
    /// The word for it, the same in documents and for people.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Timeout => "timeout",
            Self::Crashed => "crashed",
            Self::Refused => "refused",
            Self::Incompatible => "incompatible",
            Self::Denied => "denied",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}
