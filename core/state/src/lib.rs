//! What vmkit remembers between its runs: the SSH host keys that machines were first seen with.
//!
//! [`HostKeys`] is the memory itself, and decides over values alone; [`Folder`] keeps it on disk,
//! where nobody else can make a privileged run write to another place.

#![forbid(unsafe_code)]

mod document;
mod folder;
mod host_keys;

pub use document::InvalidState;
pub use folder::{Folder, FolderError, read_of_user};
pub use host_keys::{HostKeys, Identity};

/// Name of the file in its folder.
pub const HOST_KEYS: &str = "host-keys.json";
