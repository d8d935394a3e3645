//! How long the gateway's answers are waited for.

use std::time::Duration;

/// How long the gateway's answers are waited for. A hub on the same link answers in tens of milliseconds,
/// and in a second if it is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All requests together.
    pub all: Duration,
    /// One page, and the UPnP description.
    pub page: Duration,
    /// One answer to the UPnP search.
    pub search: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            all: Duration::from_millis(2500),
            page: Duration::from_millis(1200),
            search: Duration::from_millis(500),
        }
    }
}
