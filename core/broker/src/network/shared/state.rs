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

    /// With what a former keeper could not take back, so that this one does.
    pub(super) fn with(mut self, left: Option<Self>) -> Self {
        let Some(left) = left else { return self };
        self.openings = left.openings;
        // Where it still forwards for the former network, this cannot be seen any more.
        if self.unforwarded.is_empty() {
            self.unforwarded = left.unforwarded;
            self.accepts_redirects = left.accepts_redirects;
        }
        self
    }

    /// Removes it, if it was written down.
    pub(super) fn remove() -> io::Result<()> {
        match fs::remove_file(place::file(NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::{
        super::openings::{Hook, Tool},
        *,
    };

    fn state(unforwarded: &[&str], accepts_redirects: bool, openings: &[Opening]) -> State {
        let network = SharedNetwork {
            bridge: "vmkit0".to_owned(),
            gateway: Ipv4Addr::new(192, 168, 77, 1),
            prefix: 24,
            moved_because: None,
            overlaps: None,
            warnings: Vec::new(),
        };
        let unforwarded = unforwarded.iter().map(|&name| name.to_owned()).collect();
        State { network, unforwarded, accepts_redirects, openings: openings.to_vec() }
    }

    #[test]
    fn the_next_keeper_takes_back_what_the_former_one_could_not() {
        let tool = Tool::Iptables("iptables".to_owned());
        let openings = [Opening { tool, hook: Hook::Forward }];
        // The new one's, what is left of the former one's, and what is to be taken back.
        let rows = [
            (state(&["eth0"], false, &[]), None, state(&["eth0"], false, &[])),
            (
                state(&["eth0"], false, &[]),
                Some(state(&[], true, &openings)),
                state(&["eth0"], false, &openings),
            ),
            (
                state(&[], false, &[]),
                Some(state(&["eth0"], true, &[])),
                state(&["eth0"], true, &[]),
            ),
        ];
        for (new, left, expected) in rows {
            assert_eq!(new.clone().with(left.clone()), expected, "{new:?} {left:?}");
        }
    }
}
