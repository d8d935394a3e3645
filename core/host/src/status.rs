//! How a plugin's part in a run ended.

use std::fmt;

/// The status of a plugin. Its code is what `--json` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It did what it was asked.
    Ok,
    /// It did not end before its deadline.
    Timeout,
    /// It panicked, or its process died.
    Crashed,
    /// It may not be loaded: its file could be changed by others.
    Refused,
    /// It was built for another plugin interface.
    Incompatible,
    /// The operating system refused what it needs.
    Denied,
    /// This mode does not ask it.
    Skipped,
    /// It failed in a way of its own, or broke the rules of the protocol.
    Error,
}

impl Status {
    /// The word for it in JSON and text.
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

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
