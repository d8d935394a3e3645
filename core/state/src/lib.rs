//! What vmkit remembers between runs: the SSH host keys that VMs were first seen with, the plugins that
//! the user has agreed to, and those that fail again and again.
//!
//! [`HostKeys`], [`PluginLock`] and [`Quarantine`] are pure. [`Folder`] stores them on disk, where no other
//! user can redirect the writes of a privileged run.

#![forbid(unsafe_code)]

mod claim_limit;
mod document;
mod file_hash;
mod folder;
mod host_keys;
mod lock;
mod plugin_list;
mod plugin_lock;
mod quarantine;
mod time;

pub use document::InvalidState;
pub use file_hash::{FileHash, InvalidHash};
pub use folder::{Folder, FolderError, read_users_file};
pub use host_keys::{HostKeys, Identity};
pub use lock::Lock;
pub use plugin_lock::{PluginLock, Standing, TrustedPlugin};
pub use quarantine::{FailedPlugin, Failure, Quarantine};

/// The name of the file with the host keys.
pub const HOST_KEYS: &str = "host-keys.json";
/// The name of the file with the plugins that may run.
pub const PLUGIN_LOCK: &str = "plugins.lock";
/// Where root agrees to plugins, for everybody: the directory of the configuration. Everybody reads it,
/// and only root can make a file there.
pub fn roots_folder() -> Folder {
    Folder::below("/etc", &["vmkit"]).for_everybody()
}

/// The name of the file with the plugins that failed.
pub const QUARANTINE: &str = "quarantine.json";
