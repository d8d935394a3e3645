//! What a keeper has changed, written down before it does, so that the next one can take it back.

use std::{
    fs, io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
};

use serde::{Deserialize, Serialize};
use vmkit_rights::SharedNetwork;

use super::{openings::Opening, place};

const NAME: &str = "network.json";

/// A network that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) network: SharedNetwork,
    /// The interfaces that this computer had when it forwarded nothing; empty: it forwarded already.
    pub(super) unforwarded: Vec<String>,
    /// Whether it accepted redirects then.
    pub(super) accepts_redirects: bool,
    /// What was put into the rules of others.
    pub(super) openings: Vec<Opening>,
}

impl State {
    /// What was written down; `None`: nothing, or nothing that can be read.
    pub(super) fn read() -> Option<Self> {
        serde_json::from_slice(&fs::read(place::file(NAME)).ok()?).ok()
    }

    /// Writes it down for the next keeper, and for everybody to read.
    pub(super) fn write(&self) -> io::Result<()> {
        let (new, path) = (place::file("network.json.new"), place::file(NAME));
        let mut options = fs::OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o644).open(&new)?;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
        serde_json::to_writer(&file, self)?;
        fs::rename(new, path)
    }

    /// Removes it.
    pub(super) fn remove() -> io::Result<()> {
        fs::remove_file(place::file(NAME))
    }
}
