//! The kinds of plugin, as traits, and what they exchange with the host.

use serde::{Deserialize, de::DeserializeOwned};
use vmkit_types::{Advice, Fact, Subject};

use crate::{Cx, Machine, Result};

/// Every plugin. The host makes it once per run from its configuration.
pub trait Plugin: Sized {
    /// The configuration, read from a JSON object. The object is empty where nothing is configured,
    /// so every field needs a default. `deny_unknown_fields` reports typing errors.
    type Config: DeserializeOwned;

    /// Makes the plugin. Keep work for the calls: here, no deadline holds.
    fn new(config: Self::Config) -> Result<Self>;
}

/// The configuration of a plugin that has nothing to configure.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// A plugin that reports observations about machines.
pub trait Signal: Plugin + Send + Sync + 'static {
    /// Reports observations about the machines by `cx.emit`, as they are found. Report also what
    /// cannot be read, with `Observation::unread`. Call `cx.check()` in every loop.
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()>;
}

/// A plugin that lists the machines of a manager.
pub trait Inventory: Plugin + Send + Sync + 'static {
    /// All machines of the manager.
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<Machine>>;
}

/// A plugin that recognises a router and says what to change there.
pub trait AdviceSource: Plugin + Send + Sync + 'static {
    /// The conclusions from these facts. An empty list is a good answer.
    fn advise(&self, facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>>;
}
