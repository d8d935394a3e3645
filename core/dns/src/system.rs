//! The file that makes the system's resolver ask the server.

use std::{net::SocketAddr, path::PathBuf};

use crate::Suffix;

/// The resolvers that a file can configure for one domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemResolver {
    /// macOS: a file for each domain.
    MacOs,
    /// systemd-resolved from version 258 on: a file for each delegated domain.
    SystemdDelegate,
    /// Older systemd-resolved: its settings for all domains.
    SystemdGlobal,
}

/// The resolver's configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The path, used by vmkit only.
    pub path: PathBuf,
    /// The contents.
    pub text: String,
    /// The command that makes the resolver read it. `None`: it takes effect at once.
    pub then: Option<&'static str>,
}

/// The first line, which marks a file as vmkit's.
const HEAD: &str = "# Made by `vm dns --install`; `vm dns --uninstall` removes it.\n";
/// Makes systemd-resolved read its files.
const RELOAD: &str = "sudo systemctl restart systemd-resolved";
/// The first version of systemd with dns-delegate files.
const DELEGATES_SINCE: u32 = 258;

impl Setting {
    /// Whether vmkit wrote a file of this text and may replace or remove it.
    pub fn is_own(text: &[u8]) -> bool {
        text.starts_with(HEAD.as_bytes())
    }
}

impl SystemResolver {
    /// All resolvers of a system. An upgrade may change the resolver after a file was installed.
    pub fn all(is_macos: bool) -> &'static [Self] {
        if is_macos { &[Self::MacOs] } else { &[Self::SystemdDelegate, Self::SystemdGlobal] }
    }

    /// The resolver of this version of systemd.
    pub fn of_systemd(version: Option<u32>) -> Self {
        let delegates = version.is_some_and(|version| version >= DELEGATES_SINCE);
        if delegates { Self::SystemdDelegate } else { Self::SystemdGlobal }
    }

    /// The file that sends queries below `suffix` to `server`.
    pub fn setting(self, suffix: &Suffix, server: SocketAddr) -> Setting {
        let (ip, port) = (server.ip(), server.port());
        match self {
            Self::MacOs => Setting {
                path: format!("/etc/resolver/{suffix}").into(),
                text: format!("{HEAD}nameserver {ip}\nport {port}\ntimeout 2\n"),
                then: None,
            },
            Self::SystemdDelegate => Setting {
                path: "/etc/systemd/dns-delegate.d/vmkit.dns-delegate".into(),
                text: format!("{HEAD}[Delegate]\nDNS={server}\nDomains={suffix}\n"),
                then: Some(RELOAD),
            },
            Self::SystemdGlobal => Setting {
                path: "/etc/systemd/resolved.conf.d/vmkit.conf".into(),
                text: format!("{HEAD}[Resolve]\nDNS={server}\nDomains=~{suffix}\n"),
                then: Some(RELOAD),
            },
        }
    }
}

/// Whether a configuration of systemd-resolved names servers for all domains. systemd-resolved would
/// send our names to those servers too.
pub fn names_servers(text: &str) -> bool {
    let values = text.lines().filter_map(|line| line.trim().strip_prefix("DNS"));
    let mut values = values.filter_map(|rest| rest.trim_start().strip_prefix('='));
    values.any(|value| !value.trim().is_empty())
}

/// The version in the name of systemd's private library, such as `libsystemd-shared-252.so`.
pub fn systemd_version(library: &str) -> Option<u32> {
    let rest = library.strip_prefix("libsystemd-shared-")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_file_of_each_resolver() {
        let rows = [
            (
                SystemResolver::MacOs,
                "/etc/resolver/vm.test",
                "nameserver 127.0.0.1\nport 5354\ntimeout 2\n",
            ),
            (
                SystemResolver::of_systemd(Some(258)),
                "/etc/systemd/dns-delegate.d/vmkit.dns-delegate",
                "[Delegate]\nDNS=127.0.0.1:5354\nDomains=vm.test\n",
            ),
            (
                SystemResolver::of_systemd(Some(257)),
                "/etc/systemd/resolved.conf.d/vmkit.conf",
                "[Resolve]\nDNS=127.0.0.1:5354\nDomains=~vm.test\n",
            ),
        ];
        let (suffix, server) = ("vm.test".parse().unwrap(), "127.0.0.1:5354".parse().unwrap());
        for (resolver, path, text) in rows {
            let setting = resolver.setting(&suffix, server);
            assert_eq!(setting.path, PathBuf::from(path));
            let (comment, rest) = setting.text.split_once('\n').unwrap();
            assert!(Setting::is_own(setting.text.as_bytes()), "{comment}");
            assert!(!Setting::is_own(text.as_bytes()));
            assert_eq!(rest, text);
        }
        let six = SystemResolver::SystemdDelegate.setting(&suffix, "[::1]:53".parse().unwrap());
        assert!(six.text.contains("DNS=[::1]:53\n"), "{}", six.text);
    }

    #[test]
    fn finds_servers_for_all_domains() {
        let rows = [
            ("[Resolve]\n DNS = 1.1.1.1\n", true),
            ("[Resolve]\n#DNS=1.1.1.1\nDNS=\nDNSSEC=no\nFallbackDNS=1.1.1.1\n", false),
            ("", false),
        ];
        for (text, expected) in rows {
            assert_eq!(names_servers(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_the_version_from_the_library_name() {
        let rows = [
            ("libsystemd-shared-252.so", Some(252)),
            ("libsystemd-shared-258.1-1.fc43.so", Some(258)),
            ("libsystemd-core-258.so", None),
            ("libsystemd-shared-x.so", None),
        ];
        for (library, expected) in rows {
            assert_eq!(systemd_version(library), expected, "{library}");
        }
    }
}
