//! The view models of the commands for authors of plugins.

use std::path::PathBuf;

use vmkit_model::PluginStatus;
use vmkit_types::{Mac, MachineState, Observation, Reading};

/// A project that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProject {
    /// Where.
    pub directory: PathBuf,
    /// Its files, as paths in the directory.
    pub files: Vec<String>,
    /// The commands that come next, as words.
    pub next: Vec<Vec<String>>,
}

/// How a plugin stands to the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCheck {
    /// Its id; the name of the file if its manifest cannot be read.
    pub id: String,
    /// Its version, if its manifest can be read.
    pub version: Option<String>,
    /// Its file.
    pub path: PathBuf,
    /// The SHA-256 of the file, if it can be read.
    pub sha256: Option<String>,
    /// The rules that are about it, in their order.
    pub rules: Vec<CheckedRule>,
}

impl PluginCheck {
    /// How many rules it breaks.
    pub fn broken(&self) -> usize {
        self.rules.iter().filter(|rule| matches!(rule.standing, Standing::Broken(_))).count()
    }
}

/// A rule, and how a plugin stands to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRule {
    /// Its id.
    pub id: &'static str,
    /// The rule as a sentence.
    pub says: &'static str,
    /// What to change in a plugin that breaks it.
    pub change: &'static str,
    /// How the plugin stands to it.
    pub standing: Standing,
}

/// How a plugin stands to a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It keeps the rule.
    Kept,
    /// It breaks the rule; how, each in a sentence.
    Broken(Vec<String>),
    /// Nobody could see, for this reason.
    NotChecked(&'static str),
}

/// What a plugin reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginRun {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// How its part went.
    pub status: PluginStatus,
    /// What went wrong, in a sentence.
    pub message: Option<String>,
    /// How many VMs a signal was asked about.
    pub asked_about: usize,
    /// What a signal reported.
    pub observations: Vec<RunObservation>,
    /// What an inventory listed.
    pub machines: Vec<RunMachine>,
}

/// One observation, with the name of its VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunObservation {
    /// The VM.
    pub vm: String,
    /// What was seen.
    pub observation: Observation,
}

/// A VM that an inventory listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMachine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its state, or why it is not known.
    pub state: Reading<MachineState>,
    /// The MACs that are known.
    pub macs: Vec<Mac>,
}

/// The plugins of an index that were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSearch {
    /// The plugins.
    pub plugins: Vec<IndexedPlugin>,
    /// Entries that cannot be read, each in a sentence.
    pub wrong: Vec<String>,
}

/// A plugin of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedPlugin {
    /// Its name.
    pub name: String,
    /// The newest version that runs here, or why none does.
    pub version: Result<String, String>,
    /// What it does.
    pub summary: String,
}
