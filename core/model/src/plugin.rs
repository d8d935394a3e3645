//! What became of a plugin in a run.

use std::{fmt, time::Duration};

/// What became of one plugin in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginOutcome {
    /// Id of the plugin, or its file name if its manifest could not be read.
    pub id: String,
    /// Its version, if its manifest could be read.
    pub version: Option<String>,
    /// How it ended.
    pub status: PluginStatus,
    /// Why, unless the status is `Ok`; then, what of it is not confined.
    pub message: Option<String>,
    /// The command that repairs a refused plugin.
    pub hint: Option<String>,
    /// Time spent loading and answering.
    pub elapsed: Option<Duration>,
    /// Whether it can name addresses: it is a signal that discovers. `None`: its manifest could not
    /// be read.
    pub names_addresses: Option<bool>,
}

impl PluginOutcome {
    /// The message of a plugin that the mode of the run leaves out.
    pub const OTHER_MODE: &str = "not part of this mode";

    /// Whether the mode of the run leaves it out.
    pub fn is_of_other_mode(&self) -> bool {
        self.status == PluginStatus::Skipped && self.message.as_deref() == Some(Self::OTHER_MODE)
    }
}

/// How a plugin ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PluginStatus {
    /// It answered.
    Ok,
    /// It did not answer before its deadline.
    Timeout,
    /// It panicked, or its process died.
    Crashed,
    /// It is not trusted: others could change its file, or nobody has agreed to it.
    Refused,
    /// It was built for another plugin interface.
    Incompatible,
    /// The operating system denied something that it needs.
    Denied,
    /// It was not asked.
    Skipped,
    /// It reported an error or broke the protocol.
    Error,
}

impl PluginStatus {
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

impl fmt::Display for PluginStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
