//! The machines of Colima, which are instances of Lima in a home of Colima's.

#![deny(unsafe_code)]

use lima_instances::Manager;
use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Result};

/// Where Colima keeps them; the second place is that of a user who sets `XDG_CONFIG_HOME`. The name of a
/// machine is `colima` for the default profile and `colima-PROFILE` for others, as in Docker's contexts.
const COLIMA: Manager = Manager {
    homes: &["{home}/.colima/_lima", "{home}/.config/colima/_lima"],
    // Colima has an option for it.
    lima_names_guests: false,
};

/// The plugin.
pub struct Colima;

impl Plugin for Colima {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Colima {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        lima_instances::list(COLIMA, cx)
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Colima);
