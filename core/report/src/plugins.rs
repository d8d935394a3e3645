//! The view model of `vm plugin list` and `vm plugin info`.

use vmkit_model::PluginStatus;

/// One plugin file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginEntry {
    /// Its id, or the name of the file if its manifest cannot be read.
    pub id: String,
    /// The file.
    pub path: String,
    /// [`PluginStatus::Ok`] if it would be run, or else why not.
    pub status: PluginStatus,
    /// The reason in a sentence.
    pub message: Option<String>,
    /// The command that repairs it, if there is one.
    pub hint: Option<String>,
    /// Its manifest; `None`: it could not be read.
    pub details: Option<PluginDetails>,
}

/// The manifest of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginDetails {
    /// Its version.
    pub version: String,
    /// Major version of the interface that it was built for.
    pub epoch: u32,
    /// What it does, in one sentence.
    pub summary: String,
    /// `signal`, `advice`, `inventory`.
    pub kinds: Vec<String>,
    /// `discover`, `confirm`.
    pub stages: Vec<String>,
    /// Modes of `vm status` that it belongs to: `fast`, `full`.
    pub modes: Vec<String>,
    /// `instant`, `local` or `network`.
    pub cost: String,
    /// What it may use, each in one sentence. Empty: nothing.
    pub needs: Vec<String>,
}

/// The plugins that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugins(pub Vec<PluginEntry>);
