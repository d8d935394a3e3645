//! Why a look failed.

use std::{io, path::PathBuf};

use vmkit_inventory::LocationError;
use vmkit_scoring::WeightsError;
use vmkit_snapshot::OpenError;

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
        /// Where machines were read from.
        place: PathBuf,
    },
    /// The look did not see everything that decides whether a machine exists.
    #[error("{0}")]
    Incomplete(String),
}

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoDataDirectory { .. } => {
                Some("name another one: `vm --data-dir DIR status`".to_owned())
            }
            Self::UnknownMachine { known, place, .. } if known.is_empty() => {
                Some(format!("{} holds no VMs", place.display()))
            }
            Self::UnknownMachine { known, .. } => {
                Some(format!("the VMs here are: {}", known.join(", ")))
            }
            _ => None,
        }
    }
}
