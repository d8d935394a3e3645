//! A lease file as it was found.

use vmkit_leases::Format;
use vmkit_plugin::{Result, Unread};

/// One lease file.
#[derive(Debug)]
pub(crate) struct FileText {
    pub(crate) format: Format,
    /// The bridge of its leases, if its name says so.
    pub(crate) bridge: Option<String>,
    /// Its path, for messages.
    pub(crate) name: String,
    /// Its text, or why it could not be read.
    pub(crate) text: Result<Vec<u8>, Unread>,
}
