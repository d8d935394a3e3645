//! Files of managers.

use std::{fmt::Display, os::unix::fs::MetadataExt as _};

use vmkit_plugin::{Cx, Reading, Unread, read_at_most};

/// A file of a manager, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerFile {
    /// Its path, for messages.
    pub path: String,
    /// The user whom it belongs to.
    pub owner: u32,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl ManagerFile {
    /// Why it could not be understood. The text of the reason names it.
    pub fn malformed(&self, what: impl Display) -> Unread {
        Unread::Malformed(format!("{}: {what}", self.path))
    }
}

/// The file at this path, of at most `limit` bytes. The manifest must declare it.
pub fn read(cx: &Cx<'_>, path: &str, limit: u64) -> Reading<ManagerFile> {
    let file = match cx.open_file(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Reading::Absent,
        Err(error) => return Reading::Unknown(error.into()),
    };
    let owner = match file.metadata() {
        Ok(metadata) => metadata.uid(),
        Err(error) => return Reading::Unknown(Unread::Failed(format!("look at {path}: {error}"))),
    };
    read_at_most(file, path, limit).map(|bytes| ManagerFile { path: path.to_owned(), owner, bytes })
}
