//! Directories by descriptor, in which no link is followed.
//!
//! A path is looked up anew at each use, and another user may have put a link into it meanwhile. A
//! [`Directory`] is looked up once, and everything below it is opened from it, name by name.

#![forbid(unsafe_code)]

mod change;
mod directory;
mod lock;
mod mounts;
mod remove;
mod walk;

pub use change::{EntryKind, EntryStatus};
pub use directory::Directory;
pub use lock::lock;
