//! Why an index, or a plugin of it, cannot be used.

use std::{io, path::PathBuf};

/// Why an index, or a plugin of it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Nobody says where the index is.
    #[error("no index of plugins is configured")]
    NoIndex,
    /// What names the index is no place of one.
    #[error("{0:?} is no place of an index: name a directory, file://…, https://… or ssh://…")]
    Place(String),
    /// It cannot be read.
    #[error("cannot read the index {}", path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The program `git` did not fetch it.
    #[error("git cannot fetch {place}: {why}")]
    Git {
        /// The repository.
        place: String,
        /// What it said, or what happened to it.
        why: String,
    },
    /// It has too many entries.
    #[error("the index has more than {0} entries")]
    TooLarge(usize),
    /// No entry has this name.
    #[error("the index has no plugin `{0}`")]
    Unknown(String),
    /// Its entry cannot be read.
    #[error("the entry of `{name}` is not valid: {why}")]
    Entry {
        /// The plugin.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// No version of it runs here.
    #[error("no version of `{name}` runs here: {why}")]
    NotHere {
        /// The plugin.
        name: String,
        /// Which platforms and epochs its versions are for.
        why: String,
    },
    /// Its file cannot be fetched.
    #[error("cannot fetch {place}: {why}")]
    File {
        /// Where it should be.
        place: String,
        /// Why it is not fetched.
        why: String,
    },
    /// The file is not what the entry says.
    #[error("the file of `{name}` is not what the index lists: {why}")]
    Differs {
        /// The plugin.
        name: String,
        /// What differs.
        why: String,
    },
}
