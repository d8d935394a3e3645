//! Why a look failed.

use std::{io, path::PathBuf};

use vmkit_inventory::LocationError;
use vmkit_scoring::WeightsError;
use vmkit_snapshot::OpenError;
use vmkit_state::{FolderError, InvalidState};

use crate::ConfigError;

/// Why machines could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The worker and the plugins that belong to this program were not found.
    #[error("cannot find the installed `vm`")]
    Installation(#[source] io::Error),
    /// Root's rights could not be given up.
    #[error(transparent)]
    Rights(#[from] vmkit_rights::IdentityError),
    /// The broker did not do what only root may.
    #[error(transparent)]
    Broker(#[from] vmkit_rights::Refusal),
    /// No data directory can be named.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] OpenError),
    /// The table of weights is wrong.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The data directory cannot be read, so nobody knows which machines exist.
    #[error("{}: {why}", directory.display())]
    NoDataDirectory {
        /// The directory.
        directory: PathBuf,
        /// What the system says.
        why: String,
    },
    /// No machine has a name that was asked for.
    #[error("there is no VM named `{name}`")]
    UnknownMachine {
        /// The name.
        name: String,
        /// The names that exist, the first few.
        known: Vec<String>,
        /// Where machines were looked for.
        place: String,
    },
    /// Several machines have a name that was asked for.
    #[error("several VMs are called `{name}`")]
    AmbiguousName {
        /// The name.
        name: String,
        /// Their names in the look.
        namesakes: Vec<String>,
    },
    /// No machine has this name, and not all machines were seen.
    #[error("whether there is a VM named `{name}` was not checked: {why}")]
    NotChecked {
        /// The name.
        name: String,
        /// Whose machines may be missing.
        why: String,
    },
    /// Nobody lists the machines of a manager that was asked for.
    #[error("no inventory lists the VMs of a manager `{name}`")]
    UnknownManager {
        /// The name.
        name: String,
        /// The managers that are known.
        known: Vec<String>,
    },
    /// A plugin may not be loaded, whatever anybody agrees to.
    #[error("it cannot be trusted: {why}")]
    Plugin {
        /// Why.
        why: String,
        /// The command that mends it.
        hint: String,
    },
    /// What vmkit remembers cannot be read or written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What vmkit remembers is not valid.
    #[error("cannot use {}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: InvalidState,
    },
    /// Nobody has agreed to this plugin.
    #[error("no plugin `{0}` is trusted")]
    NotTrusted(String),
    /// A plugin cannot be installed or removed.
    #[error("{why}")]
    Install {
        /// Why.
        why: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// There is no place to remember anything.
    #[error("your home directory is unknown")]
    NoHome,
    /// The look did not see everything that decides whether a machine exists.
    #[error("{0}")]
    Incomplete(String),
}

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoDataDirectory { .. } => Some("name another one: --data-dir DIR".to_owned()),
            Self::UnknownMachine { known, place, .. } if known.is_empty() => {
                Some(format!("{place} holds no VMs"))
            }
            Self::UnknownMachine { known, .. } => {
                Some(format!("the VMs here are: {}", known.join(", ")))
            }
            Self::AmbiguousName { namesakes, .. } => {
                Some(format!("name one of these: {}", namesakes.join(", ")))
            }
            Self::NotChecked { .. } => Some("vm plugin list".to_owned()),
            Self::UnknownManager { known, .. } if !known.is_empty() => {
                Some(format!("the managers are: {}", known.join(", ")))
            }
            Self::Plugin { hint, .. } => Some(hint.clone()),
            Self::Install { hint, .. } => hint.clone(),
            Self::NotTrusted(_) => Some("vm plugin list --lock".to_owned()),
            _ => None,
        }
    }

    /// The error and its causes, on one line.
    pub(crate) fn in_one_line(&self) -> String {
        let causes = std::iter::successors(Some(self as &dyn std::error::Error), |it| it.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }
}
