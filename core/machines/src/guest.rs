//! What a guest is called, and who logs in to it.

use std::{fmt, str::FromStr};

/// The user that is made in a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

/// The text is no name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a user's name has 1 to 32 small letters, digits, `-` and `_`, and begins with a letter or `_`"
)]
pub struct InvalidUserName;

/// Longest name of a user: `useradd` accepts 32 bytes.
const USER_LIMIT: usize = 32;

/// Longest label of a host name (RFC 1035, section 2.3.4).
const LABEL_LIMIT: usize = 63;

impl FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(text: &str) -> Result<Self, InvalidUserName> {
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
        let holds = text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        });
        let is_valid = begins && holds && text.len() <= USER_LIMIT;
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidUserName) }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The host name of a machine: its name, where that is a label of DNS. Systemd sets no other.
pub(crate) fn hostname_of(machine: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let label: String = machine.chars().map(plain).take(LABEL_LIMIT).collect();
    match label.trim_matches('-') {
        "" => "vm".to_owned(),
        label => label.to_owned(),
    }
}

/// The unit of a guest's SSH server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SshUnit {
    /// Debian's and Ubuntu's.
    Ssh,
    /// That of Fedora, its relatives and most others.
    Sshd,
}

/// Words in the names of cloud images, the system that they stand for, and the unit of its SSH server. The
/// first that fits counts: a release before its distribution.
const SYSTEMS: &[(&str, &str, SshUnit)] = &[
    ("focal", "ubuntu-focal", SshUnit::Ssh),
    ("jammy", "ubuntu-jammy", SshUnit::Ssh),
    ("noble", "ubuntu-noble", SshUnit::Ssh),
    ("oracular", "ubuntu-oracular", SshUnit::Ssh),
    ("plucky", "ubuntu-plucky", SshUnit::Ssh),
    ("questing", "ubuntu-questing", SshUnit::Ssh),
    ("ubuntu", "ubuntu", SshUnit::Ssh),
    ("bullseye", "debian-bullseye", SshUnit::Ssh),
    ("bookworm", "debian-bookworm", SshUnit::Ssh),
    ("trixie", "debian-trixie", SshUnit::Ssh),
    ("forky", "debian-forky", SshUnit::Ssh),
    ("sid", "debian-sid", SshUnit::Ssh),
    ("debian", "debian", SshUnit::Ssh),
    ("kali", "kali", SshUnit::Ssh),
    ("fedora", "fedora", SshUnit::Sshd),
    ("centos", "centos", SshUnit::Sshd),
    ("rocky", "rocky", SshUnit::Sshd),
    ("almalinux", "almalinux", SshUnit::Sshd),
    ("alma", "almalinux", SshUnit::Sshd),
    ("rhel", "rhel", SshUnit::Sshd),
    ("oraclelinux", "oracle", SshUnit::Sshd),
    ("amzn2", "amazon-2", SshUnit::Sshd),
    ("al2023", "amazon-2023", SshUnit::Sshd),
    ("opensuse", "opensuse", SshUnit::Sshd),
    ("leap", "opensuse", SshUnit::Sshd),
    ("tumbleweed", "opensuse", SshUnit::Sshd),
    ("sles", "sles", SshUnit::Sshd),
    ("arch", "arch", SshUnit::Sshd),
];

/// The system of an image, as its file's name has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct System {
    /// The toolkit's word for it, such as `ubuntu-noble`; `None`: unknown.
    pub(crate) version: Option<&'static str>,
    /// The unit of its SSH server; `None`: either.
    pub(crate) ssh: Option<SshUnit>,
}

impl System {
    /// The system that the words of a file's name stand for.
    pub(crate) fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let words: Vec<&str> =
            name.split(|character: char| !character.is_ascii_alphanumeric()).collect();
        // `fedora42` and `Rocky9` too.
        let is = |word: &str, known: &str| {
            word == known || word.trim_end_matches(|each: char| each.is_ascii_digit()) == known
        };
        let found = SYSTEMS.iter().find(|(known, ..)| words.iter().any(|word| is(word, known)));
        found.map_or(Self { version: None, ssh: None }, |(_, version, ssh)| Self {
            version: Some(version),
            ssh: Some(*ssh),
        })
    }

    /// The system that a registry's `os_version` stands for.
    pub(crate) fn of_version(version: &str) -> Self {
        Self::of_name(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_that_useradd_accepts() {
        for name in ["ubuntu", "_apt", "a-b_1", "root", &"a".repeat(32)] {
            assert_eq!(name.parse::<UserName>().unwrap().to_string(), name);
        }
        let bad =
            ["", "-o", "1a", "Ann", "a b", "a:b", "a\nb", "a.b", "\u{e9}", "a\"", &"a".repeat(33)];
        for name in bad {
            assert_eq!(name.parse::<UserName>(), Err(InvalidUserName), "{name}");
        }
    }

    #[test]
    fn makes_a_label_of_dns_of_a_machines_name() {
        let table =
            [("web", "web"), ("Web-1", "Web-1"), ("my_vm_", "my-vm"), ("--", "vm"), ("_", "vm")];
        for (name, expected) in table {
            assert_eq!(hostname_of(name), expected, "{name}");
        }
    }

    #[test]
    fn knows_systems_by_the_names_of_their_images() {
        let known = |version, ssh| System { version: Some(version), ssh: Some(ssh) };
        let unknown = System { version: None, ssh: None };
        let table = [
            ("noble-server-cloudimg-amd64.img", known("ubuntu-noble", SshUnit::Ssh)),
            ("ubuntu-24.04-server-cloudimg-arm64.img", known("ubuntu", SshUnit::Ssh)),
            ("debian-12-genericcloud-amd64.qcow2", known("debian", SshUnit::Ssh)),
            ("debian-bookworm-backports.raw", known("debian-bookworm", SshUnit::Ssh)),
            ("Fedora-Cloud-Base-Generic-42-1.1.x86_64.qcow2", known("fedora", SshUnit::Sshd)),
            ("CentOS-Stream-GenericCloud-9-latest.x86_64.qcow2", known("centos", SshUnit::Sshd)),
            ("Rocky-9-GenericCloud.latest.x86_64.qcow2", known("rocky", SshUnit::Sshd)),
            ("AlmaLinux-9-GenericCloud-latest.x86_64.qcow2", known("almalinux", SshUnit::Sshd)),
            ("fedora42.img", known("fedora", SshUnit::Sshd)),
            ("Arch-Linux-x86_64-cloudimg.qcow2", known("arch", SshUnit::Sshd)),
            ("disk.img", unknown),
            ("archive.img", unknown),
            ("inside.qcow2", unknown),
        ];
        for (name, expected) in table {
            assert_eq!(System::of_name(name), expected, "{name}");
        }
        assert_eq!(System::of_version("ubuntu-noble"), known("ubuntu-noble", SshUnit::Ssh));
    }
}
