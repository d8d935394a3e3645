//! Public keys of SSH servers.

use std::{fmt, str::FromStr};

use crate::text::bounded;

/// Longest algorithm name that the SSH protocol allows, in bytes.
const ALGORITHM_LIMIT: usize = 64;
/// Longest key in base64: one of RSA with 16,384 bits has 2.8 KiB.
const ENCODED_LIMIT: usize = 4096;

/// A public host key, as files such as `known_hosts` write it: `ssh-ed25519 AAAA…`.
///
/// ```
/// let key: vmkit_types::HostKey = "ssh-ed25519 AAAAC3Nz root@web".parse()?;
/// assert_eq!((key.algorithm(), key.encoded()), ("ssh-ed25519", "AAAAC3Nz"));
/// # Ok::<(), vmkit_types::InvalidHostKey>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostKey {
    algorithm: String,
    encoded: String,
}

impl HostKey {
    /// The key with this algorithm and this base64 form.
    ///
    /// # Errors
    /// One of them cannot be part of a file of keys.
    pub fn new(algorithm: &str, encoded: &str) -> Result<Self, InvalidHostKey> {
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-.@_".contains(&byte);
        let digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        let good = (1..=ALGORITHM_LIMIT).contains(&algorithm.len())
            && algorithm.bytes().all(named)
            && (1..=ENCODED_LIMIT).contains(&encoded.len())
            && encoded.bytes().all(digit);
        if good {
            Ok(Self { algorithm: algorithm.to_owned(), encoded: encoded.to_owned() })
        } else {
            Err(InvalidHostKey(bounded(&format!("{algorithm} {encoded}"), 80).to_owned()))
        }
    }

    /// The algorithm, such as `ssh-ed25519`.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The key in base64.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm, self.encoded)
    }
}

impl FromStr for HostKey {
    type Err = InvalidHostKey;

    /// Reads algorithm and key; a comment may follow.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_ascii_whitespace();
        Self::new(words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }
}

/// The text is not a host key.
///
/// ```
/// assert!("ssh-ed25519".parse::<vmkit_types::HostKey>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHostKey(String);

impl fmt::Display for InvalidHostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an SSH host key", self.0)
    }
}

impl std::error::Error for InvalidHostKey {}

/// A host key that a machine is known by, and how firmly.
///
/// ```
/// let key: vmkit_types::KnownKey = "ssh-ed25519 AAAAC3Nz known_hosts".parse()?;
/// assert!(key.by_name_only);
/// # Ok::<(), vmkit_types::InvalidHostKey>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownKey {
    /// The key.
    pub key: HostKey,
    /// Whether the key was only found under the machine's name in the user's `known_hosts`. The name
    /// may be that of another computer, or the machine may have been rebuilt since. So this key
    /// proves the machine, but another key at its address proves nothing.
    pub by_name_only: bool,
}

/// What follows a key that is known by name only, in the place of a comment.
const BY_NAME_ONLY: &str = "known_hosts";

impl fmt::Display for KnownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)?;
        if self.by_name_only { write!(f, " {BY_NAME_ONLY}") } else { Ok(()) }
    }
}

impl FromStr for KnownKey {
    type Err = InvalidHostKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let comment = text.split_ascii_whitespace().nth(2);
        Ok(Self { key: text.parse()?, by_name_only: comment == Some(BY_NAME_ONLY) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_as_files_write_them() {
        let rows = [
            ("ssh-ed25519 AAAA", "ssh-ed25519 AAAA false"),
            (" ssh-ed25519\tAAAA root@web", "ssh-ed25519 AAAA false"),
            ("ssh-ed25519 AAAA known_hosts", "ssh-ed25519 AAAA known_hosts true"),
            ("ssh-ed25519", "\"ssh-ed25519 \" is not an SSH host key"),
            ("", "\" \" is not an SSH host key"),
            ("ssh-\u{1b}[2J AAAA", "\"ssh-\\u{1b}[2J AAAA\" is not an SSH host key"),
            ("ssh-rsa A,A", "\"ssh-rsa A,A\" is not an SSH host key"),
        ];
        for (text, expected) in rows {
            let read = match text.parse::<KnownKey>() {
                Ok(known) => format!("{known} {}", known.by_name_only),
                Err(error) => error.to_string(),
            };
            assert_eq!(read, expected, "{text:?}");
        }
        assert!(HostKey::new("ssh-rsa", &"A".repeat(ENCODED_LIMIT + 1)).is_err());
    }
}
