//! All that vmkit says to QEMU's monitors.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The queries of [`MonitorCommand::Devices`], which are also the ids of their answers.
pub const DEVICE_QUERIES: [&str; 3] = ["query-rx-filter", "x-query-virtio", "query-blockstats"];

/// A command to a monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MonitorCommand {
    /// Whether the machine runs, and which of its channels the guest has opened.
    Status,
    /// Whether a client is connected to the console.
    Console,
    /// Which devices the guest has, and how it uses them.
    Devices,
    /// Whether a driver has taken these virtio devices.
    VirtioStatus {
        /// QEMU's paths of the devices.
        paths: Vec<String>,
    },
    /// Press the power button.
    PowerDown,
    /// Hold the guest's processors.
    Pause,
    /// Let the guest's processors run on.
    Resume,
    /// End QEMU.
    Quit,
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
            Self::Status => {
                let asked = ["query-chardev", "query-status"];
                return several(&asked.map(|query| json!({ "execute": query })));
            }
            Self::Devices => {
                let asked = DEVICE_QUERIES.map(|query| json!({ "execute": query, "id": query }));
                return several(&asked);
            }
            Self::VirtioStatus { paths } => {
                let asked = paths.iter().enumerate().map(|(place, path)| {
                    let arguments = json!({ "path": path });
                    json!({ "execute": "x-query-virtio-status", "arguments": arguments, "id": place })
                });
                return several(&asked.collect::<Vec<_>>());
            }
            Self::Console => json!({ "execute": "query-chardev" }),
            Self::PowerDown => json!({ "execute": "system_powerdown" }),
            Self::Pause => json!({ "execute": "stop" }),
            Self::Resume => json!({ "execute": "cont" }),
            Self::Quit => json!({ "execute": "quit" }),
            Self::SetLink { netdev, up } => {
                json!({ "execute": "set_link", "arguments": { "name": netdev, "up": up } })
            }
        };
        several(&[command])
    }
}

/// The commands behind the one that opens a conversation.
fn several(commands: &[Value]) -> Vec<u8> {
    let commands = commands.iter().map(ToString::to_string).collect::<String>();
    format!("{{\"execute\":\"qmp_capabilities\"}}{commands}").into_bytes()
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
        let paths = vec!["/machine\"}}{\"execute\":\"quit\"}".to_owned()];
        let text = MonitorCommand::VirtioStatus { paths: paths.clone() }.bytes();
        let commands = serde_json::Deserializer::from_slice(&text).into_iter();
        let commands: Vec<serde_json::Value> = commands.map(Result::unwrap).collect();
        assert_eq!(commands.len(), 2);
        assert_eq!(commands[1]["execute"], "x-query-virtio-status");
        assert_eq!(commands[1]["arguments"], json!({ "path": paths[0] }));
        let status = r#"{"execute":"qmp_capabilities"}{"execute":"query-chardev"}{"execute":"query-status"}"#;
        assert_eq!(MonitorCommand::Status.bytes(), status.as_bytes());
    }
}
