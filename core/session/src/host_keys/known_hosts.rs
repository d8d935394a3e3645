//! The keys that OpenSSH knows hosts by, and those that it must not trust.

use std::path::Path;

use vmkit_state::read_users_file;
use vmkit_types::HostKey;

/// The known hosts of all users, ssh(1).
const OF_ALL_USERS: &str = "/etc/ssh/ssh_known_hosts";

/// What OpenSSH knows of hosts.
pub(super) struct KnownHosts {
    /// The user's file.
    text: String,
    /// The keys that this file or the system's marks as revoked.
    pub(super) revoked: Vec<HostKey>,
}

impl KnownHosts {
    /// Reads the user's file and the system's.
    pub(super) fn read(file: Option<&Path>) -> Self {
        let text = file.map(text).unwrap_or_default();
        let mut revoked = vmkit_ssh::revoked(&text);
        revoked.extend(vmkit_ssh::revoked(&self::text(Path::new(OF_ALL_USERS))));
        Self { text, revoked }
    }

    /// The keys that the user's file has for this name.
    pub(super) fn keys_of(&self, name: &str) -> impl Iterator<Item = HostKey> + '_ {
        let found = vmkit_ssh::find(&self.text, name).into_iter();
        found.filter(|key| !self.revoked.contains(key))
    }
}

/// The text of a file. One that cannot be read has none.
fn text(path: &Path) -> String {
    match read_users_file(path) {
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(None) => String::new(),
        Err(error) => {
            tracing::debug!("no keys of known_hosts: {}", super::error_chain(&error));
            String::new()
        }
    }
}
