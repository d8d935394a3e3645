//! Why a worker failed.

use std::{io, os::unix::process::ExitStatusExt as _, process::ExitStatus, time::Duration};

use vmkit_model::PluginStatus;
use vmkit_types::{bounded, escaped};
use vmkit_wire::FailureCode;

/// Longest message of a plugin that is shown, in bytes.
const MESSAGE_LIMIT: usize = 400;

/// Why a worker failed, for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Its class.
    pub(crate) status: PluginStatus,
    /// One sentence.
    pub(crate) message: String,
    /// The command that leads on.
    pub(crate) hint: Option<String>,
    /// Whether what the plugin reported before is ignored.
    pub(crate) discredits: bool,
    /// Whether it counts towards the plugin's quarantine: a crash or a flood.
    pub(crate) is_incident: bool,
}

impl End {
    fn new(status: PluginStatus, message: String) -> Self {
        Self { status, message, hint: None, discredits: false, is_incident: false }
    }

    pub(crate) fn error(message: String) -> Self {
        Self::new(PluginStatus::Error, message)
    }

    pub(crate) fn wire(error: &io::Error) -> Self {
        Self::error(format!("talking to the worker: {error}"))
    }

    pub(crate) fn timeout(what: &str, budget: Duration) -> Self {
        let message = format!("{what} took longer than {} ms; stopped", budget.as_millis());
        Self::new(PluginStatus::Timeout, message)
    }

    pub(crate) fn overdue() -> Self {
        Self::new(PluginStatus::Timeout, "it did not end before its deadline".to_owned())
    }

    /// The plugin broke the protocol, so nothing else that it reports can be relied on.
    pub(crate) fn protocol(what: &str) -> Self {
        let message = format!("{what}; stopped, and its report is ignored");
        Self { discredits: true, ..Self::new(PluginStatus::Error, message) }
    }

    /// The plugin sent more than anybody can use.
    pub(crate) fn flood(what: &str) -> Self {
        Self { is_incident: true, ..Self::protocol(what) }
    }

    /// The process ended. `loaded`: after the plugin was loaded, when only the plugin can have ended
    /// it.
    pub(crate) fn died(status: ExitStatus, loaded: bool) -> Self {
        let how = match (status.signal(), status.code()) {
            (Some(signal), _) => format!("its process died of {}", signal_name(signal)),
            (None, Some(code)) => format!("its process ended by itself with status {code}"),
            (None, None) => "its process ended".to_owned(),
        };
        let is_incident = loaded || status.signal().is_some();
        Self { is_incident, ..Self::new(PluginStatus::Crashed, how) }
    }

    /// What the worker itself reports of loading or of a call.
    pub(crate) fn failed(code: FailureCode, message: &str) -> Self {
        let status = match code {
            FailureCode::Protocol => return Self::protocol(&shown(message)),
            FailureCode::Flood => return Self::flood(&shown(message)),
            FailureCode::Incompatible => PluginStatus::Incompatible,
            FailureCode::Denied | FailureCode::Confinement => PluginStatus::Denied,
            FailureCode::TimedOut => PluginStatus::Timeout,
            FailureCode::Panic | FailureCode::Died => PluginStatus::Crashed,
            FailureCode::NotConfined => PluginStatus::Refused,
            FailureCode::Configuration | FailureCode::Other => PluginStatus::Error,
        };
        let is_incident = status == PluginStatus::Crashed;
        Self { is_incident, ..Self::new(status, shown(message)) }
    }
}

fn shown(message: &str) -> String {
    escaped(bounded(message, MESSAGE_LIMIT))
}

fn signal_name(signal: i32) -> String {
    let names = [
        (4, "an illegal instruction (SIGILL)"),
        (6, "an abort (SIGABRT)"),
        (7, "a bus error (SIGBUS)"),
        (8, "an arithmetic error (SIGFPE)"),
        (9, "SIGKILL"),
        (11, "a segmentation fault (SIGSEGV)"),
        (24, "using too much processor time (SIGXCPU)"),
        (25, "writing a file (SIGXFSZ)"),
        (31, "a forbidden system call (SIGSYS)"),
    ];
    names
        .iter()
        .find(|(number, _)| *number == signal)
        .map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}
