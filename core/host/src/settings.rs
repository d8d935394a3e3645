//! How a run works.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use vmkit_model::Mode;
use vmkit_rights::Broker;

use crate::Snapshot;

/// How a run works.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Which plugins take part.
    pub mode: Mode,
    /// How long one call of a plugin may take.
    pub call_deadline: Duration,
    /// The least severe level of plugins' log lines that is wanted, 1 (error) to 5 (trace).
    pub log_level: u32,
    /// Configurations by id of the plugin: JSON objects, as text.
    pub configurations: HashMap<String, String>,
    /// The home directory of the user who runs vmkit, if it is known. Plugins that run as this user read
    /// files there.
    pub home: Option<PathBuf>,
    /// Does what needs root's rights.
    pub broker: Broker,
    /// Where the signals look.
    pub snapshot: Snapshot,
}
