//! How plugins of a tree stand to the rules of plugins.

use vmkit_authoring::Outcome;
use vmkit_host::{TrialPlace, examine};

use crate::Tree;

impl Tree {
    /// Replaces a text of the misbehaving plugin's manifest, which is in this tree.
    ///
    /// # Panics
    /// As [`Self::declare_in`] does.
    pub fn rewrite(&self, old: &str, new: &str) {
        self.declare_in("libcontract_misbehave.so", old, new);
    }

    /// How the plugin of this file of the tree stands to the rules: each rule that it does not keep, and
    /// what it did.
    ///
    /// # Panics
    /// Nobody may run it.
    pub fn check(&self, library: &str, configuration: &str) -> Vec<(&'static str, String)> {
        let installation = self.installation();
        let plugin = examine(&self.plugins().join(library), &installation).expect("a plugin");
        let place = TrialPlace { installation: &installation, home: None };
        let judgements = vmkit_authoring::check(&plugin, place, configuration).into_iter();
        judgements
            .filter_map(|judgement| match judgement.outcome {
                Outcome::Kept => None,
                Outcome::Broken(how) => Some((judgement.id, how.join("; "))),
                Outcome::NotChecked(why) => Some((judgement.id, format!("not checked: {why}"))),
            })
            .collect()
    }
}
