//! What plugins of a tree have reported.

use vmkit_host::{Run, Wait};
use vmkit_model::{Evidence, PluginOutcome};

/// The result of a run.
pub struct Observed {
    /// All evidence.
    pub evidence: Vec<Evidence>,
    /// The outcome of each plugin.
    pub outcomes: Vec<PluginOutcome>,
}

impl Observed {
    pub(crate) fn of(mut run: Run) -> Self {
        let observed = run.settle(Wait::All);
        Self { evidence: observed.evidence, outcomes: observed.outcomes }
    }

    /// Status and message of the plugin with this id.
    ///
    /// # Panics
    /// There is no such plugin.
    pub fn outcome(&self, id: &str) -> (&'static str, &str) {
        let outcome = self.outcomes.iter().find(|outcome| outcome.id == id);
        let outcome = outcome.unwrap_or_else(|| panic!("no plugin {id} in {:?}", self.outcomes));
        (outcome.status.code(), outcome.message.as_deref().unwrap_or(""))
    }

    /// The texts of a plugin's observations.
    pub fn texts(&self, id: &str) -> Vec<&str> {
        let own = self.evidence.iter().filter(|item| &*item.plugin == id);
        own.map(|item| item.observation.says.as_str()).collect()
    }
}
