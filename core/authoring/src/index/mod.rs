//! An index of plugins: a directory, or a git repository, of small TOML files. No server belongs to it.
//!
//! That a plugin is listed says where its file is and what it should be, and nothing else: whoever
//! installs it agrees to it as to every plugin.

mod agreement;
mod entry;
mod error;
mod git;
mod listing;
mod order;
mod place;
mod tree;

pub use agreement::check_listed;
pub use entry::{Entry, Version};
pub use error::IndexError;
pub use listing::Index;
pub use order::is_older;
pub use place::Place;
