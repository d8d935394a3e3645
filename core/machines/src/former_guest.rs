//! What the user-data of a clone's source says of its user.
//!
//! The file may hold passwords. Only public keys and one setting are taken from it, and no error quotes it.

use vmkit_files::Directory;

use crate::{error::MachineError, ssh_key::PublicKey};

/// Where it is in a machine's directory.
const USER_DATA: &str = "cloud-init/user-data";

/// Largest file that is read; clouds allow 16 to 64 KiB.
const LIMIT: u64 = 1024 * 1024;

/// The user of a clone's source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FormerGuest {
    /// The keys that it lets in.
    pub(crate) keys: Vec<PublicKey>,
    /// Nobody logs in with a password.
    pub(crate) locks_password: bool,
}

impl FormerGuest {
    /// Reads the user-data in a machine's directory; without one nothing is known.
    pub(crate) fn read(directory: &Directory) -> Result<Self, MachineError> {
        let failed = |error| MachineError::file("read", directory.path().join(USER_DATA), error);
        let bytes = directory.read(USER_DATA, LIMIT).map_err(failed)?.unwrap_or_default();
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// It understands lists in block form, and not YAML.
    pub(crate) fn parse(text: &str) -> Self {
        let items = text.lines().filter_map(|line| line.trim().strip_prefix('-'));
        let keys = items.filter_map(|item| {
            let item = item.trim();
            let quoted = |quote| item.strip_prefix(quote)?.strip_suffix(quote);
            PublicKey::of_line(quoted('"').or_else(|| quoted('\'')).unwrap_or(item))
        });
        let mut locks = text.lines().filter_map(|line| line.trim().strip_prefix("lock_passwd:"));
        let locks_password = locks.next().is_some_and(|value| value.trim() == "true");
        Self { keys: keys.collect(), locks_password }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh_key::tests::ED25519;

    #[test]
    fn finds_keys_and_whether_passwords_are_locked() {
        let text = format!(
            "users:\n  - name: u\n    passwd: secret\n    ssh_authorized_keys:\n      - {ED25519} a\n      \
             - \"{ED25519} b\"\n      - '{ED25519}'\n      - ssh-rsa AAAA\n    lock_passwd: true\n"
        );
        let lines = [format!("{ED25519} a"), format!("{ED25519} b"), ED25519.to_owned()];
        let found = FormerGuest::parse(&text);
        let keys: Vec<_> = found.keys.iter().map(PublicKey::line).collect();
        assert_eq!(
            (keys, found.locks_password),
            (lines.iter().map(String::as_str).collect(), true)
        );
        let text = "#cloud-config\npassword: secret\nlock_passwd: false\n";
        assert_eq!(FormerGuest::parse(text), FormerGuest::default());
    }
}
