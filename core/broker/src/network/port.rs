//! A port that was made.

use std::os::fd::OwnedFd;
#[cfg(target_os = "linux")]
use std::time::Duration;

use vmkit_rights::PortReply;

/// A port that was made.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) reply: PortReply,
    pub(crate) descriptor: OwnedFd,
}

#[cfg(target_os = "linux")]
impl Port {
    /// A port whose frames are passed on after this time.
    pub(super) fn new(port: String, descriptor: OwnedFd, forwards_after: Duration) -> Self {
        let forwards_after_ms = u64::try_from(forwards_after.as_millis()).unwrap_or(u64::MAX);
        Self { reply: PortReply { port, forwards_after_ms, shared: None }, descriptor }
    }
}
