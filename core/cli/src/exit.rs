//! Exit statuses and the errors behind them.

use std::{io, process::ExitCode};

use vmkit_plugin_commands::Ended;
pub(crate) use vmkit_plugin_commands::Failure;
use vmkit_scoring::Lack;

/// The exit status. The numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// 0: everything asked for was resolved.
    Healthy,
    /// 1: a machine asked for by name has no usable address.
    Findings,
    /// 3: the evidence does not suffice.
    CannotTell,
    /// 2: the work could not be done: usage, permission, bad input.
    Failed,
    /// What ssh ended with.
    Ssh(u8),
}

impl Exit {
    /// Whether no usable address or connection was found. ssh has 255 for that; anything else is what a command in
    /// the machine ended with.
    pub(crate) fn is_failure(self) -> bool {
        !matches!(self, Self::Healthy | Self::Ssh(0..=254))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Healthy => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::CannotTell => 3,
            Exit::Ssh(status) => status,
        })
    }
}

/// What to do about an error.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    let failure = error.downcast_ref::<Failure>().and_then(|failure| failure.hint.clone());
    let session = || error.downcast_ref::<vmkit_session::Error>()?.hint();
    let doctor = || error.downcast_ref::<vmkit_doctor::Error>()?.hint();
    let ssh_config = || error.downcast_ref::<vmkit_ssh_config::Error>()?.hint();
    let plugin = || vmkit_plugin_commands::hint(error);
    let machine = || vmkit_machine_commands::hint(error);
    failure.or_else(plugin).or_else(machine).or_else(session).or_else(doctor).or_else(ssh_config)
}

impl From<Ended> for Exit {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::Healthy,
            Ended::WithFindings => Self::Findings,
            Ended::CannotTell => Self::CannotTell,
            Ended::Failed => Self::Failed,
        }
    }
}

impl From<Lack> for Exit {
    fn from(lack: Lack) -> Self {
        match lack {
            Lack::Some => Self::CannotTell,
            Lack::All => Self::Failed,
        }
    }
}

/// Whether the reader of our output has seen enough.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
