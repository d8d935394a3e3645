//! What came of asking for one address, now or when a snapshot was made.

use std::time::Duration;

use vmkit_plugin::ArpAnswer;

/// One address that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) seen: ArpAnswer,
    /// How old the answer is; `None`: it has just come.
    pub(crate) age: Option<Duration>,
}
