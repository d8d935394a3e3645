//! Why the broker did not do something.

use std::io;

use serde::{Deserialize, Serialize};
use vmkit_types::Unread;
use vmkit_wire::WireError;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// A right is missing, or the broker's checks forbid it.
    pub denied: bool,
    /// What was to be done, and why it was not.
    pub message: String,
}

impl Refusal {
    /// It may not be done.
    pub fn denied(message: impl Into<String>) -> Self {
        Self { denied: true, message: message.into() }
    }

    /// It failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { denied: false, message: message.into() }
    }

    /// The refusal of an operation that the system did not do.
    pub(crate) fn of_system(operation: &str, error: &io::Error) -> Self {
        Self {
            denied: error.kind() == io::ErrorKind::PermissionDenied,
            message: format!("{operation}: {error}"),
        }
    }

    pub(crate) fn of_wire(error: &WireError) -> Self {
        match error {
            WireError::Closed => Self::failed("vm-broker has ended"),
            WireError::TimedOut => Self::failed("vm-broker did not answer before the deadline"),
            error => Self::failed(format!("talk to vm-broker: {error}")),
        }
    }
}

impl From<Unread> for Refusal {
    fn from(why: Unread) -> Self {
        match why {
            Unread::Denied(why) => Self::denied(why),
            why => Self::failed(why.to_string()),
        }
    }
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        if refusal.denied { Self::Denied(refusal.message) } else { Self::Failed(refusal.message) }
    }
}
