//! All that vmkit says to QEMU's monitors.

use serde::{Deserialize, Serialize};
use serde_json::json;

/// A command to a monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MonitorCommand {
    /// Whether the machine runs.
    Status,
    /// Plug or unplug the host's end of a network card's cable, which sets the card's link as well.
    SetLink {
        /// QEMU's id of the cable.
        netdev: String,
        /// Whether it is plugged in.
        up: bool,
    },
}

impl MonitorCommand {
    /// Everything that the monitor is sent, in one piece. QEMU executes commands in their order, and a
    /// hundred monitors that are woken once answer in a third of the time of three exchanges.
    ///
    /// QEMU reads byte by byte, about 6 µs each, and a command ends with its brace: so there is no byte
    /// beyond it.
    pub fn bytes(&self) -> Vec<u8> {
        let command = match self {
            Self::Status => json!({ "execute": "query-status" }),
            Self::SetLink { netdev, up } => {
                json!({ "execute": "set_link", "arguments": { "name": netdev, "up": up } })
            }
        };
        format!("{{\"execute\":\"qmp_capabilities\"}}{command}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_add_a_command() {
        let netdev = "n\"0\"}}{\"execute\":\"quit\"}".to_owned();
        let text = MonitorCommand::SetLink { netdev: netdev.clone(), up: false }.bytes();
        let commands = serde_json::Deserializer::from_slice(&text).into_iter();
        let commands: Vec<serde_json::Value> = commands.map(Result::unwrap).collect();
        assert_eq!(commands.len(), 2);
        assert_eq!(commands[0], json!({ "execute": "qmp_capabilities" }));
        assert_eq!(commands[1]["execute"], "set_link");
        assert_eq!(commands[1]["arguments"], json!({ "name": netdev, "up": false }));
        let status = br#"{"execute":"qmp_capabilities"}{"execute":"query-status"}"#;
        assert_eq!(MonitorCommand::Status.bytes(), status);
    }
}
