//! What a guest agent reports.

use super::{Attributes, attribute, unread, unread_attributes, value};
use crate::Unread;

/// Names of the attributes.
const MACHINE: &str = "machine";
const REPLY: &str = "reply";

/// What a guest agent can be asked for: everything that the host sends to one. Each only reads.
///
/// ```
/// use vmkit_types::AgentCommand;
///
/// assert_eq!(AgentCommand::HostName.name(), "guest-get-host-name");
/// assert_eq!(AgentCommand::from_name("guest-exec"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AgentCommand {
    /// The guest's network interfaces with their MACs and addresses.
    Interfaces,
    /// The guest's host name.
    HostName,
    /// The guest's operating system and its version.
    OperatingSystem,
}

impl AgentCommand {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Interfaces, Self::HostName, Self::OperatingSystem];

    /// The command's name in the agent's protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interfaces => "guest-network-get-interfaces",
            Self::HostName => "guest-get-host-name",
            Self::OperatingSystem => "guest-get-osinfo",
        }
    }

    /// The command of this name, if it is one of them.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.name() == name)
    }
}

/// What the agent of one machine answered.
///
/// ```
/// use vmkit_types::{AgentAnswer, Unread};
///
/// let answer = AgentAnswer { vm: 0, reply: Err(Unread::TimedOut) };
/// assert_eq!(AgentAnswer::from_attributes(&answer.attributes()), Some(answer));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentAnswer {
    /// Index of the machine in the batch.
    pub vm: usize,
    /// The raw reply, the guest's own word, of at most [`AgentAnswer::LONGEST`] bytes; or why there is
    /// none.
    pub reply: Result<String, Unread>,
}

impl AgentAnswer {
    /// Longest reply, in bytes. An interface takes some 500 with its statistics, and a guest full of
    /// containers has hundreds of them.
    pub const LONGEST: usize = 1 << 20;

    /// The answer as names and values.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = vec![attribute(MACHINE, &self.vm)];
        match &self.reply {
            Ok(reply) => attributes.push(attribute(REPLY, reply)),
            Err(why) => attributes.extend(unread_attributes(why)),
        }
        attributes
    }

    /// The answer in these names and values; `None`: they are of something else.
    pub fn from_attributes(attributes: &[(String, String)]) -> Option<Self> {
        let vm = value(attributes, MACHINE)?.parse().ok()?;
        let reply = match unread(attributes) {
            Some(why) => Err(why),
            None => Ok(value(attributes, REPLY)?.to_owned()),
        };
        Some(Self { vm, reply })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_survives_its_attributes() {
        for reply in [Ok("{\"return\":[]}\n".to_owned()), Err(Unread::Denied("it".to_owned()))] {
            let answer = AgentAnswer { vm: 7, reply };
            assert_eq!(AgentAnswer::from_attributes(&answer.attributes()), Some(answer));
        }
        assert_eq!(AgentAnswer::from_attributes(&[attribute(MACHINE, &7)]), None);
        assert_eq!(AgentAnswer::from_attributes(&[attribute(REPLY, "{}")]), None);
    }

    #[test]
    fn names_only_the_commands_of_the_list() {
        for command in AgentCommand::ALL {
            assert_eq!(AgentCommand::from_name(command.name()), Some(command));
        }
        let others = ["guest-exec", "guest-file-open", "guest-get-osinfo ", "", "guest-shutdown"];
        for name in others {
            assert_eq!(AgentCommand::from_name(name), None, "{name}");
        }
    }
}
