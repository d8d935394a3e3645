//! Arguments that name a network.

use clap::{Args, ValueEnum};
use vmkit_model::{NetworkChoice, StartMode};
use vmkit_plugin_commands::Failure;

use super::values;

/// The network that a VM is put on.
#[derive(Debug, Default, Args)]
pub struct NetworkArguments {
    /// The network: that of the router, or one of this computer's own [default: as the VM was last
    /// started, else bridged]
    #[arg(long, value_name = "MODE", value_enum)]
    pub net: Option<NetworkMode>,
    /// The bridge or adapter for bridged mode; `vm net` lists them
    #[arg(long, value_name = "IF", value_parser = values::interface)]
    pub bridge: Option<String>,
}

impl NetworkArguments {
    /// What was chosen, if anything was. `--bridge` alone means bridged mode.
    ///
    /// # Errors
    /// It contradicts itself.
    pub(crate) fn choice(&self) -> Result<Option<NetworkChoice>, Failure> {
        if self.net == Some(NetworkMode::Shared) && self.bridge.is_some() {
            let contradiction = Failure::new("--bridge is for bridged mode, and --net says shared");
            return Err(contradiction.with_hint("say one of the two"));
        }
        let mode = self.net.or(self.bridge.as_ref().map(|_| NetworkMode::Bridged));
        Ok(mode.map(|mode| NetworkChoice { mode: mode.into(), bridge: self.bridge.clone() }))
    }
}

/// A network mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NetworkMode {
    /// On the network of the router
    Bridged,
    /// On a network of this computer's own
    Shared,
}

impl From<NetworkMode> for StartMode {
    fn from(mode: NetworkMode) -> Self {
        match mode {
            NetworkMode::Bridged => Self::Bridged,
            NetworkMode::Shared => Self::Shared,
        }
    }
}
