//! The keys that OpenSSH knows hosts by, and those that it must not trust.

use std::path::Path;

use vmkit_state::read_users_file;
use vmkit_types::{HostKey, error_chain};

/// The known hosts of all users, ssh(1).
const OF_ALL_USERS: &str = "/etc/ssh/ssh_known_hosts";

/// What OpenSSH knows of hosts.
pub(super) struct KnownHosts {
    /// The user's file.
    text: String,
    /// The keys that this file or the system's marks as revoked.
    pub(super) revoked: Vec<HostKey>,
}

/// A file cannot be read, which is logged: any key may be revoked.
pub(super) struct Unreadable;

impl KnownHosts {
    /// Reads the user's file and the system's.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, Unreadable> {
        let text = file.map_or_else(|| Ok(String::new()), text)?;
        let mut revoked = vmkit_ssh::revoked(&text);
        revoked.extend(vmkit_ssh::revoked(&self::text(Path::new(OF_ALL_USERS))?));
        Ok(Self { text, revoked })
    }

    /// The keys that the user's file has for this name.
    pub(super) fn keys_of(&self, name: &str) -> impl Iterator<Item = HostKey> + '_ {
        let found = vmkit_ssh::find(&self.text, name).into_iter();
        found.filter(|key| !self.revoked.contains(key))
    }
}

/// The text of a file; that of a missing one is empty.
fn text(path: &Path) -> Result<String, Unreadable> {
    match read_users_file(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()),
        Err(error) => {
            tracing::warn!(
                "no SSH host key is known or remembered, since it may be revoked: {}",
                error_chain(&error)
            );
            Err(Unreadable)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, time::SystemTime};

    use vmkit_model::Machine;
    use vmkit_state::{Folder, HostKeys};

    use super::super::{Keys, Own, identity};

    const MACHINES: &str = r#"{"schema": "vmkit.snapshot/1", "captured_at": "2026-11-24T06:00:00Z",
        "vms": [{"name": "web", "manager": "vm-toolkit", "mac": "52:54:00:00:00:01"}]}"#;

    fn machine(directory: &std::path::Path) -> Machine {
        fs::write(directory.join("snapshot.json"), MACHINES).unwrap();
        vmkit_snapshot::open(directory).unwrap().inventory.machines.remove(0)
    }

    #[test]
    fn a_revoked_key_identifies_no_machine_wherever_it_is_from() {
        const REVOKED: &str = "@revoked * ssh-ed25519 LEAKED\n";
        const CANNOT_BE_READ: &str = "cannot be read";
        // What vmkit remembers, what known_hosts says, and the keys that the machine is known by.
        let rows: [(&str, &str, &[&str]); 6] = [
            ("ssh-ed25519 LEAKED", "", &["ssh-ed25519 LEAKED"]),
            ("ssh-ed25519 LEAKED", REVOKED, &[]),
            ("ssh-ed25519 OWN", REVOKED, &["ssh-ed25519 OWN"]),
            ("", "web ssh-ed25519 LEAKED\n@revoked db ssh-ed25519 LEAKED\n", &[]),
            ("", "web ssh-ed25519 OWN\n", &["ssh-ed25519 OWN known_hosts"]),
            ("ssh-ed25519 OWN", CANNOT_BE_READ, &[]),
        ];
        for (remembered, text, expected) in rows {
            let directory = tempfile::tempdir().unwrap();
            let web = machine(directory.path());
            let file = directory.path().join("known_hosts");
            if text == CANNOT_BE_READ {
                // Not even root reads a directory as a file.
                fs::create_dir(&file).unwrap();
            } else {
                fs::write(&file, text).unwrap();
            }
            let mut keys = HostKeys::default();
            if let Ok(key) = remembered.parse() {
                keys.record_seen(&identity(&web).unwrap(), &key, SystemTime::UNIX_EPOCH);
            }
            let mut keys = Keys::Own(Box::new(Own {
                folder: Some(Folder::below(directory.path(), &["vmkit"])),
                remembered: keys,
                known_hosts: Some(file),
                texts: None,
                asked: BTreeSet::new(),
            }));
            let known = keys.known(std::iter::once(&web), |_| true).remove(&web.id()).unwrap();
            let known: Vec<_> = known.iter().map(ToString::to_string).collect();
            assert_eq!(known, expected, "{remembered:?} {text:?}");
        }
    }
}
