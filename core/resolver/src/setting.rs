//! The file's path and contents.

use std::{net::IpAddr, path::PathBuf};

use crate::Suffix;

/// A configuration file of systemd-resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The path, used by vmkit only.
    pub path: PathBuf,
    /// The contents.
    pub text: String,
    /// The server is among those for all domains, and other files may name more of them.
    pub(crate) for_all_domains: bool,
}

/// The first line, which marks a file as vmkit's.
const HEAD: &str = "# Made by `vm dns --install`; `vm dns --uninstall` removes it.\n";
/// The first version of systemd with dns-delegate files.
const DELEGATES_SINCE: u32 = 258;
/// The file of delegated domains, and that of settings for all domains.
const DELEGATE: &str = "/etc/systemd/dns-delegate.d/vmkit.dns-delegate";
const GLOBAL: &str = "/etc/systemd/resolved.conf.d/vmkit.conf";

impl Setting {
    /// Whether vmkit wrote a file of this text and may replace or remove it.
    pub(crate) fn is_own(text: &[u8]) -> bool {
        text.starts_with(HEAD.as_bytes())
    }

    /// The file for this version of systemd that sends queries below `suffix` to `server`, port 53.
    pub(crate) fn of_systemd(version: Option<u32>, suffix: &Suffix, server: IpAddr) -> Self {
        if version.is_some_and(|version| version >= DELEGATES_SINCE) {
            let text = format!("{HEAD}[Delegate]\nDNS={server}\nDomains={suffix}\n");
            Self { path: DELEGATE.into(), text, for_all_domains: false }
        } else {
            let text = format!("{HEAD}[Resolve]\nDNS={server}\nDomains=~{suffix}\n");
            Self { path: GLOBAL.into(), text, for_all_domains: true }
        }
    }
}

/// Where vmkit's files may be: an upgrade may change the resolver after a file was written, and earlier
/// versions of vmkit wrote one on macOS.
pub(crate) fn own_paths(is_macos: bool, suffix: &Suffix) -> Vec<PathBuf> {
    if is_macos {
        vec![format!("/etc/resolver/{suffix}").into()]
    } else {
        vec![DELEGATE.into(), GLOBAL.into()]
    }
}

/// Whether a configuration of systemd-resolved names servers for all domains. systemd-resolved would
/// send our names to those servers too.
pub(crate) fn names_servers(text: &str) -> bool {
    let values = text.lines().filter_map(|line| line.trim().strip_prefix("DNS"));
    let mut values = values.filter_map(|rest| rest.trim_start().strip_prefix('='));
    values.any(|value| !value.trim().is_empty())
}

/// The version in the name of systemd's private library, such as `libsystemd-shared-252.so`.
pub(crate) fn systemd_version(library: &str) -> Option<u32> {
    let rest = library.strip_prefix("libsystemd-shared-")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_file_of_each_version_of_systemd() {
        let rows = [
            (Some(258), "127.0.0.1", DELEGATE, "[Delegate]\nDNS=127.0.0.1\nDomains=vm.test\n"),
            (Some(258), "::1", DELEGATE, "[Delegate]\nDNS=::1\nDomains=vm.test\n"),
            (Some(257), "127.0.0.1", GLOBAL, "[Resolve]\nDNS=127.0.0.1\nDomains=~vm.test\n"),
            (None, "127.0.0.53", GLOBAL, "[Resolve]\nDNS=127.0.0.53\nDomains=~vm.test\n"),
        ];
        let suffix: Suffix = "vm.test".parse().unwrap();
        for (version, server, path, text) in rows {
            let setting = Setting::of_systemd(version, &suffix, server.parse().unwrap());
            assert_eq!(setting.path, PathBuf::from(path));
            let (comment, rest) = setting.text.split_once('\n').unwrap();
            assert!(Setting::is_own(setting.text.as_bytes()), "{comment}");
            assert!(!Setting::is_own(text.as_bytes()));
            assert_eq!(rest, text);
            assert!(own_paths(false, &suffix).contains(&setting.path));
        }
        assert_eq!(own_paths(true, &suffix), [PathBuf::from("/etc/resolver/vm.test")]);
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
