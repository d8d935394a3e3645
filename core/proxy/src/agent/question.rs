//! All that is sent to an agent, beside what synchronises with it.

use vmkit_types::{AgentAnswer, AgentCommand};

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// A command of the list that plugins may have asked.
    Command(AgentCommand),
    /// Run the script that looks at the guest's network.
    Start,
    /// What the process of this number has printed.
    Outcome(u32),
}

impl Question {
    /// The request's line.
    pub(super) fn request(self) -> String {
        match self {
            Self::Command(command) => format!("{{\"execute\":\"{}\"}}\n", command.name()),
            Self::Start => vmkit_inside::start_request(),
            Self::Outcome(process) => vmkit_inside::outcome_request(process),
        }
    }

    /// Longest reply, in bytes.
    pub(super) fn longest_reply(self) -> usize {
        match self {
            Self::Command(_) | Self::Start => AgentAnswer::LONGEST,
            Self::Outcome(_) => vmkit_inside::LONGEST_REPLY,
        }
    }
}
