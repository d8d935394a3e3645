//! What a choice of network depends on.

use vmkit_model::{NetworkChoice, Platform};
use vmkit_types::HostNetwork;

/// What a choice of network depends on.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The machine; `None`: any, which commands call `NAME`.
    pub machine: Option<&'a str>,
    /// Whether it runs: its commands then restart it.
    pub runs: bool,
    /// The network of this computer.
    pub network: &'a HostNetwork,
    /// The system of this computer.
    pub platform: Platform,
    /// The router, if it was recognised.
    pub router: Option<&'a KnownRouter>,
    /// Who has to reach the machine.
    pub reach: Reach,
    /// What was chosen for the machine before.
    pub remembered: Option<&'a NetworkChoice>,
}

/// A router that was recognised. Its texts come from plugins and the network, and are not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRouter {
    /// What it is called.
    pub name: String,
    /// What is reported of it and bridged machines, such as `Switch Smart Setup to Mode 2`; `None`:
    /// nothing.
    pub report: Option<String>,
}

/// Who has to reach a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// This computer alone.
    Host,
    /// Other machines of the network too.
    OtherMachines,
    /// Nobody has said.
    Unknown,
}

impl Situation<'_> {
    /// The command that starts the machine on this network.
    pub fn command(&self, choice: &NetworkChoice) -> Vec<String> {
        let mode = ["--net", choice.mode.code()];
        let bridge = choice.bridge.as_deref().into_iter().flat_map(|bridge| ["--bridge", bridge]);
        self.start(&mode.into_iter().chain(bridge).collect::<Vec<_>>())
    }

    /// The command that starts the machine with these options, anew if it runs.
    fn start(&self, options: &[&str]) -> Vec<String> {
        let words =
            ["vm", if self.runs { "restart" } else { "start" }, self.machine.unwrap_or("NAME")];
        words.into_iter().chain(options.iter().copied()).map(str::to_owned).collect()
    }
}
