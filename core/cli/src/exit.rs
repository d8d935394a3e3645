//! Exit statuses and the errors behind them.

use std::{fmt, io, process::ExitCode};

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
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Healthy => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::CannotTell => 3,
        })
    }
}

/// An error with advice.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// What to do about an error.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    let failure = error.downcast_ref::<Failure>().and_then(|failure| failure.hint.clone());
    let session = || error.downcast_ref::<vmkit_session::Error>()?.hint();
    let doctor = || error.downcast_ref::<vmkit_doctor::Error>()?.hint();
    let ssh_config = || error.downcast_ref::<vmkit_ssh_config::Error>()?.hint();
    failure.or_else(session).or_else(doctor).or_else(ssh_config)
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
