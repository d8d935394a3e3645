//! The view models of `vm plugin`.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

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
    /// Who answers for it; `None`: it could not be read, or others could change it.
    pub origin: Option<PluginOrigin>,
    /// The SHA-256 of its file, likewise.
    pub sha256: Option<String>,
    /// The factor that its own claims may add up to, where somebody has set one.
    pub weight: Option<u16>,
    /// Its manifest; `None`: it could not be read.
    pub details: Option<PluginDetails>,
}

impl PluginEntry {
    /// Of a file about which nothing is known yet.
    pub fn of_file(id: String, path: &Path) -> Self {
        Self {
            id,
            path: path.display().to_string(),
            status: PluginStatus::Ok,
            message: None,
            hint: None,
            origin: None,
            sha256: None,
            weight: None,
            details: None,
        }
    }
}

/// Who answers for a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginOrigin {
    /// It came with vmkit.
    Bundled,
    /// The user, or root for everybody, has agreed to this file.
    Trusted,
    /// The same, even where its files cannot be confined.
    TrustedUnconfined,
    /// Nobody.
    Stranger,
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
    /// Its own kinds of evidence, each in one sentence. Empty: it declares none.
    pub claims: Vec<String>,
}

/// A plugin that the user may agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginRequest {
    /// The plugin.
    pub entry: PluginEntry,
    /// What was agreed to before, in a sentence.
    pub before: String,
    /// What to think about first, each in a sentence.
    pub warnings: Vec<&'static str>,
}

/// A plugin that somebody has agreed to.
#[derive(Clone, Debug, PartialEq)]
pub struct LockedPlugin {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of its file.
    pub sha256: String,
    /// Its needs, as they were agreed to.
    pub needs: serde_json::Value,
    /// Whether it may run where its files cannot be confined.
    pub unconfined: bool,
    /// The factor that its own claims may add up to, where somebody has set one.
    pub weight: Option<u16>,
    /// Where it lay.
    pub path: PathBuf,
    /// When somebody agreed.
    pub trusted_at: SystemTime,
    /// Whether root agreed, for everybody.
    pub by_root: bool,
}

/// The plugins that somebody has agreed to.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginLock(pub Vec<LockedPlugin>);

/// The plugins that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugins(pub Vec<PluginEntry>);
