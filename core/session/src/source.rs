//! Where machines are looked at.

use std::path::PathBuf;

use vmkit_files::Directory;

/// Where a session looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// At this computer.
    #[default]
    Computer,
    /// At this computer; the signals' raw artefacts go to this directory.
    Recorded(Directory),
    /// At the snapshot in this directory, and nowhere else.
    Snapshot(PathBuf),
}
