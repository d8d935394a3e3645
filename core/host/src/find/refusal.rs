//! Why a library may not be loaded.

use std::{error::Error as _, io, path::PathBuf, sync::Arc};

use vmkit_model::PluginStatus;
use vmkit_wire::ManifestError;

use super::owners::Fault;

/// Why a library may not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be opened or looked at.
    #[error("cannot open {path}")]
    Unreadable {
        /// The file, or the directory above it that keeps it from being read.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The user that workers become may not read it.
    #[error("{path} has mode {mode:o}: plugins run as user {user}, who cannot read it")]
    Hidden {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Its owner.
        owner: u32,
        /// The user that workers become.
        user: u32,
    },
    /// It is a directory, a device or a pipe.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// Somebody who is not trusted could change it.
    #[error("{first}")]
    Exposed {
        /// The file, all links resolved.
        real: PathBuf,
        /// What lets them, nearest to the file.
        first: Fault,
        /// What lets them as well.
        more: Vec<Fault>,
        /// Whether it is of the program's own tree.
        own: bool,
    },
    /// The program that would load it is not to be trusted itself, or is not there.
    #[error("no plugin can be run: {}", .0.in_full())]
    Worker(Arc<Refusal>),
    /// It is not what was installed.
    #[error("{path} is not the file that was installed")]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// Nothing says what was installed.
    #[error("cannot tell which files were installed: {path}")]
    Unpinned {
        /// The file that should.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else made it, and the user has not agreed to it.
    #[error("{path} did not come with vmkit, and nobody has trusted it")]
    Untrusted {
        /// The file.
        path: PathBuf,
    },
    /// The user has agreed to another file.
    #[error("{path} has changed since version {version} of `{id}` was trusted")]
    Changed {
        /// The file.
        path: PathBuf,
        /// The plugin's id.
        id: String,
        /// The version that was trusted.
        version: String,
    },
    /// The user has agreed to other needs.
    #[error("{path} needs other rights than those that were trusted")]
    OtherNeeds {
        /// The file.
        path: PathBuf,
    },
    /// It has failed too often.
    #[error("{path} is in quarantine, since it failed {failures} times; the last time: {last}")]
    Quarantined {
        /// The file.
        path: PathBuf,
        /// How often it failed within a week.
        failures: usize,
        /// What happened then.
        last: String,
    },
    /// It is no plugin.
    #[error("{path}: {reason}")]
    NoManifest {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// What would run its program may not be run.
    #[error("its interpreter {path} cannot run it: {reason}")]
    Interpreter {
        /// The interpreter, as the manifest names it.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Its manifest is broken, or of another epoch.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Another plugin has its id.
    #[error("the id `{id}` is taken by {}", first.display())]
    SameId {
        /// The id.
        id: String,
        /// Which plugin has it.
        first: PathBuf,
    },
}

impl Refusal {
    /// The status of a plugin that is refused for this reason.
    pub fn status(&self) -> PluginStatus {
        match self {
            Self::Manifest(ManifestError::Epoch { .. }) => PluginStatus::Incompatible,
            _ => PluginStatus::Refused,
        }
    }

    /// The reason and what caused it, on one line.
    pub fn in_full(&self) -> String {
        match self.source() {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}
