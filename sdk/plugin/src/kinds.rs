//! The kinds of plugin, as traits, and what they exchange with the host.

use serde::{Deserialize, de::DeserializeOwned};
use vmkit_types::{Advice, Fact, Subject};

use crate::{Cx, Machine, Result};

/// Every plugin: made once per run from its configuration.
pub trait Plugin: Sized {
    /// The configuration, read from a JSON object. Every field needs a default: without a
    /// configuration the object is empty. `deny_unknown_fields` turns typing errors into messages.
    type Config: DeserializeOwned;

    /// Makes the plugin. Do no work here that belongs to a call.
    fn new(config: Self::Config) -> Result<Self>;
}

/// The configuration of a plugin that has nothing to configure.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// A plugin that finds addresses, or confirms them.
pub trait Signal: Plugin + Send + Sync + 'static {
    /// Reports what is known of the machines by `cx.emit`, as it is found. What cannot be read is
    /// reported too, with `Observation::unread`. Call `cx.check()` in every loop.
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()>;
}

/// A plugin that knows which machines exist.
pub trait Inventory: Plugin + Send + Sync + 'static {
    /// All machines of the manager.
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<Machine>>;
}

/// A plugin that knows routers, or what can be done about a finding.
pub trait AdviceSource: Plugin + Send + Sync + 'static {
    /// What follows from these facts. Nothing is a good answer.
    fn advise(&self, facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>>;
}
