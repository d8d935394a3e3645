//! What came of asking for one address, now or when a snapshot was made.

use std::time::Duration;

use vmkit_plugin::{ArpAnswer, ArpFailure};
use vmkit_probing::Failure;

/// One address that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) seen: ArpAnswer,
    /// How old the answer is; `None`: it has just come.
    pub(crate) age: Option<Duration>,
}

impl Answer {
    /// The answer that has just come. An error of the card or of the system is no word of the host's: the
    /// request is written to the card as it is, and was not sent.
    pub(crate) fn of_now(seen: ArpAnswer) -> Self {
        Self { seen, age: None }
    }

    /// The error that ended the asking, if one did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.seen.failure.map(|ArpFailure { errno, after, as_root }| Failure {
            errno,
            after,
            as_root,
        })
    }
}
