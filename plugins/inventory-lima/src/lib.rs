//! The instances of Lima.

#![deny(unsafe_code)]

use lima_instances::Manager;
use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Result};

/// Where Lima keeps them, unless `LIMA_HOME` names another place, which no manifest can.
const LIMA: Manager = Manager { homes: &["{home}/.lima"], lima_names_guests: true };

/// The plugin.
pub struct Lima;

impl Plugin for Lima {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Lima {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        lima_instances::list(LIMA, cx)
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Lima);
