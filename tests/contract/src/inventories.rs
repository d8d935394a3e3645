//! Inventories of a tree.

use vmkit_host::{Inventories, Listed, find};
use vmkit_platform::{Platform as _, Process};
use vmkit_types::Reading;

use crate::Tree;

/// The needs of the inventory that misbehaves, as its manifest writes them.
pub const OWN_NEEDS_OF_MISINVENTORY: &str =
    r#"{"read_files": ["/etc/passwd"], "processes": ["vmkit-guest"]}"#;

impl Tree {
    /// The inventories of the tree, started with these configurations.
    pub fn inventories(&self, configurations: &[(&str, &str)]) -> Inventories {
        let installation = self.installation();
        let found = find(&[self.plugins()], &installation, &self.consent);
        Inventories::start(&found, &installation, self.settings(configurations))
    }

    /// What the inventories of the tree list with these configurations.
    pub fn list(&self, configurations: &[(&str, &str)]) -> Listed {
        self.inventories(configurations).list(&processes())
    }
}

/// The processes of this computer.
pub fn processes() -> Reading<Vec<Process>> {
    vmkit_platform::current().processes()
}
