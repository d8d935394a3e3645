//! Public keys of SSH that a guest lets in.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustix::fs::{Mode, OFlags, open};
use vmkit_types::{bounded, escaped};

/// Largest file of keys that is read: over 100 RSA keys of 4096 bits.
const FILE_LIMIT: u64 = 128 * 1024;

/// Longest key in Base64: RSA with 16,384 bits has 2,800.
const KEY_LIMIT: usize = 4096;

/// Longest comment that is kept.
const COMMENT_LIMIT: usize = 100;

/// The types of keys that today's servers accept.
const TYPES: &[&str] = &[
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// The public keys that `ssh` itself offers, in `~/.ssh`.
const USUAL: &[&str] =
    &["id_ed25519.pub", "id_ed25519_sk.pub", "id_ecdsa.pub", "id_ecdsa_sk.pub", "id_rsa.pub"];

/// What private keys contain: those of OpenSSH and PEM, and those of `PuTTY`.
const SIGNS_OF_A_PRIVATE_KEY: &[&str] = &["PRIVATE KEY", "PuTTY-User-Key-File"];

/// A public key of SSH in one line: type, key, and a comment of printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(String);

/// Why there is no public key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key is private.
    #[error("{origin} holds a private key, which is never copied into a VM")]
    Private {
        /// The file, or the argument.
        origin: String,
    },
    /// A line is no public key.
    #[error("{origin} holds no public key of SSH: {why}")]
    Invalid {
        /// The file, or the argument.
        origin: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read the public key {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The user has none.
    #[error("there is no public key in {}", folder.display())]
    NoneOfTheUser {
        /// The user's folder.
        folder: PathBuf,
    },
}

impl KeyError {
    /// What the user can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Private { .. } => Some("name the public key, whose file ends in .pub"),
            Self::NoneOfTheUser { .. } => {
                Some("make one with ssh-keygen -t ed25519, or name one with --ssh-key")
            }
            Self::Invalid { .. } => {
                Some("a public key begins with its type, such as ssh-ed25519 AAAA…")
            }
            Self::Unreadable { .. } => None,
        }
    }
}

impl PublicKey {
    /// The keys that `--ssh-key` names: a public key itself, or a file with one in each line.
    ///
    /// # Errors
    /// The file cannot be read; what is there is no public key, or a private one.
    pub fn named(argument: &str) -> Result<Vec<Self>, KeyError> {
        let is_key = argument.split_once(' ').is_some_and(|(first, _)| is_type(first));
        if is_key || looks_private(argument) {
            return keys(argument, "--ssh-key");
        }
        Self::of_file(Path::new(argument))
    }

    /// The user's own keys, those that `ssh` offers.
    ///
    /// # Errors
    /// The directory holds no key; a file of this name holds something else.
    pub fn usual(home: &Path) -> Result<Vec<Self>, KeyError> {
        let folder = home.join(".ssh");
        let mut found = Vec::new();
        for name in USUAL {
            match Self::of_file(&folder.join(name)) {
                Err(KeyError::Unreadable { source, .. })
                    if source.kind() == io::ErrorKind::NotFound => {}
                keys => found.extend(keys?),
            }
        }
        if found.is_empty() { Err(KeyError::NoneOfTheUser { folder }) } else { Ok(found) }
    }

    fn of_file(path: &Path) -> Result<Vec<Self>, KeyError> {
        let bytes =
            read(path).map_err(|source| KeyError::Unreadable { path: path.to_owned(), source })?;
        keys(&String::from_utf8_lossy(&bytes), &path.display().to_string())
    }

    /// The key in a line, if it is one.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        key(line).ok()
    }

    /// The line.
    pub(crate) fn line(&self) -> &str {
        &self.0
    }
}

/// The content of a regular file. A pipe does not block, and a device is not read.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(io::Error::other("it is too large for a file of public keys"));
    }
    Ok(bytes)
}

fn looks_private(text: &str) -> bool {
    SIGNS_OF_A_PRIVATE_KEY.iter().any(|sign| text.contains(sign))
}

fn is_type(word: &str) -> bool {
    TYPES.contains(&word)
}

/// The keys of a text with one in each line; empty lines and comments are skipped.
pub(crate) fn keys(text: &str, origin: &str) -> Result<Vec<PublicKey>, KeyError> {
    let origin = || escaped(bounded(origin, 300));
    if looks_private(text) {
        return Err(KeyError::Private { origin: origin() });
    }
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<_>, _> = lines.map(key).collect();
    match keys {
        Ok(keys) if keys.is_empty() => {
            Err(KeyError::Invalid { origin: origin(), why: "it is empty" })
        }
        Ok(keys) => Ok(keys),
        Err(why) => Err(KeyError::Invalid { origin: origin(), why }),
    }
}

fn key(line: &str) -> Result<PublicKey, &'static str> {
    let mut words = line.split_ascii_whitespace();
    let kind = words.next().filter(|kind| is_type(kind));
    let kind = kind.ok_or("a line begins with no type of key that servers accept")?;
    let key = words
        .next()
        .filter(|key| key.len() <= KEY_LIMIT)
        .ok_or("the key is missing or too long")?;
    let bytes = BASE64_STANDARD.decode(key).map_err(|_| "the key is cut or changed")?;
    // RFC 4253, section 6.6: the type, preceded by its length in 4 bytes, is the key's first field.
    let length = u32::try_from(kind.len()).unwrap_or(0).to_be_bytes();
    let begin = [length.as_slice(), kind.as_bytes()].concat();
    if !bytes.starts_with(&begin) || bytes.len() < begin.len() + 32 {
        return Err("the key is cut, or of another type than its line says");
    }
    let comment = words.collect::<Vec<_>>().join(" ");
    let is_plain = comment.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let line = match bounded(&comment, COMMENT_LIMIT) {
        "" => format!("{kind} {key}"),
        comment if is_plain => format!("{kind} {key} {comment}"),
        _ => format!("{kind} {key}"),
    };
    Ok(PublicKey(line))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use super::*;

    pub(crate) const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTp1Xgz9Fn7hVM1CKQBsGraaxWETNv3pF4ZmIsQddeV";
    const PRIVATE: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n";

    fn shown(keys: Result<Vec<PublicKey>, KeyError>) -> Result<Vec<String>, String> {
        keys.map(|keys| keys.into_iter().map(|key| key.0).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn accepts_public_keys_and_nothing_else() {
        let none = "TEXT holds no public key of SSH: ";
        let good = |line: &str| Ok(vec![line.to_owned()]);
        let bad = |why: &str| Err(format!("{none}{why}"));
        let no_type = "a line begins with no type of key that servers accept";
        let cut = "the key is cut or changed";
        let other = "the key is cut, or of another type than its line says";
        let table = [
            (ED25519.to_owned(), good(ED25519)),
            (format!("{ED25519}   ann@host  \n"), good(&format!("{ED25519} ann@host"))),
            (format!("{ED25519} \"]\\ : #\n"), good(&format!("{ED25519} \"]\\ : #"))),
            (format!("{ED25519} cr\u{e9}me\u{1b}[2J"), good(ED25519)),
            (format!("# work\n\n{ED25519}\r\n"), good(ED25519)),
            (format!("{ED25519}\n{ED25519} b\n"), Ok(vec![ED25519.into(), format!("{ED25519} b")])),
            (format!("command=\"x\" {ED25519}"), bad(no_type)),
            (format!("{ED25519}\n- name: eve"), bad(no_type)),
            (ED25519.replace("ssh-ed25519", "ssh-dss"), bad(no_type)),
            (ED25519.replace("ssh-ed25519", "ssh-rsa"), bad(other)),
            (ED25519[..60].to_owned(), bad(other)),
            (format!("{}!", &ED25519[..60]), bad(cut)),
            ("ssh-ed25519".to_owned(), bad("the key is missing or too long")),
            (String::new(), bad("it is empty")),
            (
                PRIVATE.to_owned(),
                Err("TEXT holds a private key, which is never copied into a VM".to_owned()),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(shown(keys(&text, "TEXT")), expected, "{text}");
        }
    }

    #[test]
    fn reads_files_and_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(path("key.pub"), format!("{ED25519} ann\n")).unwrap();
        fs::write(path("key"), PRIVATE).unwrap();
        fs::write(path("large"), vec![b'#'; 200_000]).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        assert_eq!(shown(PublicKey::named(&path("key.pub"))), Ok(vec![format!("{ED25519} ann")]));
        assert_eq!(shown(PublicKey::named(ED25519)), Ok(vec![ED25519.to_owned()]));
        for name in ["key", "large", "pipe", "none", "."] {
            assert!(PublicKey::named(&path(name)).is_err(), "{name}");
        }
        let private = PublicKey::named(PRIVATE).unwrap_err();
        assert_eq!(
            private.to_string(),
            "--ssh-key holds a private key, which is never copied into a VM"
        );
    }

    #[test]
    fn finds_the_keys_that_ssh_offers() {
        let home = tempfile::tempdir().unwrap();
        let error = PublicKey::usual(home.path()).unwrap_err();
        assert!(matches!(error, KeyError::NoneOfTheUser { .. }), "{error}");
        fs::create_dir(home.path().join(".ssh")).unwrap();
        fs::write(home.path().join(".ssh/id_ed25519"), PRIVATE).unwrap();
        fs::write(home.path().join(".ssh/id_ed25519.pub"), ED25519).unwrap();
        fs::write(home.path().join(".ssh/other.pub"), ED25519).unwrap();
        assert_eq!(shown(PublicKey::usual(home.path())), Ok(vec![ED25519.to_owned()]));
    }
}
