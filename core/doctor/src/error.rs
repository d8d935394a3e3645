//! Why an examination failed.

use std::io;

use vmkit_diagnose::IgnoreError;
use vmkit_snapshot::{OpenError, SaveError};
use vmkit_types::escaped;

/// Why machines could not be examined, or the examination not saved.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machines cannot be looked at.
    #[error(transparent)]
    Session(#[from] vmkit_session::Error),
    /// The snapshot cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file of the snapshot cannot be written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// A part of the examination has no form that can be saved.
    #[error("cannot save {part}")]
    Encode {
        /// The part.
        part: &'static str,
        /// Why.
        source: io::Error,
    },
    /// What is asked for contradicts itself, such as to run remedies and to send nothing.
    #[error("{0}")]
    Contradiction(&'static str),
    /// No cause has a remedy with this code.
    #[error("there is no remedy `{}`", escaped(.0))]
    UnknownRemedy(String),
    /// The configuration ignores something that is no cause.
    #[error("cannot use the configuration")]
    Ignore(#[from] IgnoreError),
}

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Session(error) => error.hint(),
            Self::UnknownRemedy(_) => Some("vm doctor --json lists those of each cause".to_owned()),
            Self::Ignore(_) => Some("vm doctor shows the code of each cause".to_owned()),
            _ => None,
        }
    }
}
