//! What vmkit remembers between runs: the SSH host keys that VMs were first seen with.
//!
//! [`HostKeys`] is pure. [`Folder`] stores it on disk, where no other user can redirect the writes of a
//! privileged run.

#![forbid(unsafe_code)]

mod document;
mod folder;
mod host_keys;
mod lock;

pub use document::InvalidState;
pub use folder::{Folder, FolderError, read_users_file};
pub use host_keys::{HostKeys, Identity};
pub use lock::Lock;

/// The file's name.
pub const HOST_KEYS: &str = "host-keys.json";
