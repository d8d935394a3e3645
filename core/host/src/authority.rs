//! What a plugin must be granted to know each kind of fact.
//!
//! A plugin that reports more than its manifest lets it know has invented it, whether or not it is
//! right: nothing else that it says can be relied on either.

use vmkit_types::{Kind, attribute, escaped};
use vmkit_wire::{Manifest, ReadFile};

use crate::lease_files::is_lease_file;

/// A grant, as a manifest declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    Network,
    NeighbourTable,
    Arp,
    GuestAgent,
    HostKeys,
    /// The machines' console logs.
    Console,
    /// A file of a DHCP server or client.
    LeaseFile,
    /// This file, by its own path.
    File(&'static str),
    /// One of these programs, by path.
    Program(&'static [&'static str]),
}

use Grant::{
    Arp, Console, File, GuestAgent, HostKeys, LeaseFile, NeighbourTable, Network, Program,
};

/// The kinds that one source has, by how their codes begin.
struct Source {
    /// The beginnings of their codes.
    kinds: &'static [&'static str],
    /// Each of these grants suffices.
    grants: &'static [Grant],
    /// In a replay, an artefact whose name begins so suffices.
    artefacts: &'static [&'static str],
}

/// The programs of macOS that print the neighbour table. A program elsewhere prints what its owner likes.
const TABLE_PROGRAMS: Grant = Program(&["/usr/sbin/arp", "/usr/sbin/ndp", "/usr/sbin/netstat"]);
/// The neighbour table as a file, which does not cover the other files beside it.
const TABLE_FILE: Grant = File("/proc/net/arp");

/// The sources. The first one that fits a kind decides.
const SOURCES: &[Source] = &[
    Source {
        // Who holds an address shows in the table and in the answers to ARP requests.
        kinds: &["neighbour-other-mac"],
        grants: &[NeighbourTable, TABLE_PROGRAMS, TABLE_FILE, Arp],
        artefacts: &["neigh/", "probes"],
    },
    Source {
        kinds: &["neighbour-"],
        grants: &[NeighbourTable, TABLE_PROGRAMS, TABLE_FILE],
        artefacts: &["neigh/"],
    },
    Source {
        kinds: &["bridge-"],
        grants: &[NeighbourTable, Program(&["/sbin/ifconfig"])],
        artefacts: &["bridge/"],
    },
    Source { kinds: &["arp-"], grants: &[Arp], artefacts: &["probes"] },
    Source {
        kinds: &["ssh-host-key", "ssh-other-host-key", "ssh-new-host-key"],
        grants: &[HostKeys],
        artefacts: &["probes"],
    },
    Source { kinds: &["ssh-", "icmp-"], grants: &[Network], artefacts: &["probes"] },
    Source { kinds: &["console-"], grants: &[Console], artefacts: &["console/"] },
    Source { kinds: &["agent-"], grants: &[GuestAgent], artefacts: &["agent/"] },
    Source { kinds: &["dhcp-"], grants: &[LeaseFile], artefacts: &["dhcp/"] },
    Source { kinds: &["lease-"], grants: &[LeaseFile], artefacts: &["leases/"] },
    // vmkit itself reports what inventories list.
    Source { kinds: &["manager-"], grants: &[], artefacts: &[] },
    // Names stand in the hosts file, and in lease files with their addresses.
    Source {
        kinds: &["dns-"],
        grants: &[Network, File("/etc/hosts"), LeaseFile],
        artefacts: &["dns"],
    },
];

/// Checks that the manifest lets the plugin know a fact of this kind, with these attributes. `replays`:
/// it looks at a snapshot.
///
/// # Errors
/// What it reported, and what that needs.
pub(crate) fn check(
    manifest: &Manifest,
    replays: bool,
    kind: &Kind,
    attributes: &[(String, String)],
) -> Result<(), String> {
    let code = kind.code();
    if kind.plugin().is_some() && !manifest.declares_kind(code) {
        let code = escaped(code);
        return Err(format!("{code}, which its manifest does not declare in `evidence`"));
    }
    // A kind without a source has no weight: whoever reports it changes nothing.
    let source = SOURCES.iter().find(|source| source.kinds.iter().any(|it| code.starts_with(it)));
    if let Some(source) = source.filter(|source| !source.is_open_to(manifest, replays)) {
        return Err(format!("{code}, which it cannot know without {}", source.wanted()));
    }
    let keys = SOURCES.iter().find(|source| source.grants == [HostKeys]);
    let shows_key = attributes.iter().any(|(name, _)| name == attribute::HOST_KEY);
    match keys.filter(|keys| shows_key && !keys.is_open_to(manifest, replays)) {
        Some(keys) => Err(format!("a host key, which it cannot know without {}", keys.wanted())),
        None => Ok(()),
    }
}

impl Source {
    fn is_open_to(&self, manifest: &Manifest, replays: bool) -> bool {
        let declares = |start: &&str| manifest.artefacts.iter().any(|name| name.starts_with(start));
        self.grants.iter().any(|grant| grant.is_declared(manifest))
            || (replays && self.artefacts.iter().any(declares))
    }

    /// The grants, for people.
    fn wanted(&self) -> String {
        if self.grants.is_empty() {
            return "being an inventory that lists it".to_owned();
        }
        let names: Vec<String> = self.grants.iter().map(|grant| grant.name()).collect();
        names.join(" or ")
    }
}

impl Grant {
    fn is_declared(self, manifest: &Manifest) -> bool {
        let needs = manifest.needs_here();
        let mut files = needs.read_files.iter();
        match self {
            Self::Network => needs.network,
            Self::NeighbourTable => needs.neighbour_table,
            Self::Arp => needs.arp,
            Self::GuestAgent => needs.guest_agent,
            Self::HostKeys => needs.host_keys,
            Self::Console => files.any(|file| *file == ReadFile::Console),
            Self::LeaseFile => {
                files.any(|file| matches!(file, ReadFile::Path(path) if is_lease_file(path)))
            }
            Self::File(own) => {
                files.any(|file| matches!(file, ReadFile::Path(path) if path == own))
            }
            Self::Program(paths) => needs.exec.iter().any(|path| paths.contains(&path.as_str())),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Network => "`network`".to_owned(),
            Self::NeighbourTable => "`neighbour_table`".to_owned(),
            Self::Arp => "`arp`".to_owned(),
            Self::GuestAgent => "`guest_agent`".to_owned(),
            Self::HostKeys => "`host_keys`".to_owned(),
            Self::Console => "`{console}` in `read_files`".to_owned(),
            Self::LeaseFile => "a known lease file in `read_files`".to_owned(),
            Self::File(path) => format!("`{path}` in `read_files`"),
            Self::Program(paths) => format!("{} in `exec`", paths.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(needs: &str, artefacts: &str) -> Manifest {
        let text = format!(
            r#"{{"id":"a","version":"1","epoch":1,"kinds":["signal"],"needs_macos":{{{needs}}},
            "artefacts":[{artefacts}]}}"#
        );
        let mut manifest: Manifest = text.parse().unwrap();
        // As on macOS, where programs can be named as well.
        manifest.needs = manifest.needs_macos.clone().unwrap();
        manifest
    }

    /// The codes of the kinds that a plugin with this manifest may report.
    fn known(needs: &str, artefacts: &str, replays: bool) -> Vec<&'static str> {
        let manifest = manifest(needs, artefacts);
        let may = |kind: &&Kind| check(&manifest, replays, kind, &[]).is_ok();
        Kind::NAMED.iter().filter(may).map(Kind::code).collect()
    }

    #[test]
    fn each_grant_opens_its_own_kinds() {
        // The needs of a manifest, and the beginnings of the codes that it may report.
        let rows: [(&str, &[&str]); 20] = [
            ("", &[]),
            (
                r#""network":true"#,
                &[
                    "ssh-ready",
                    "ssh-no-banner",
                    "ssh-refused",
                    "ssh-timeout",
                    "ssh-unreachable",
                    "dns-",
                    "icmp-",
                ],
            ),
            (r#""neighbour_table":true"#, &["neighbour-", "bridge-"]),
            (r#""arp":true"#, &["arp-", "neighbour-other-mac"]),
            (r#""guest_agent":true"#, &["agent-"]),
            (r#""host_keys":true"#, &["ssh-host-key", "ssh-other-host-key", "ssh-new-host-key"]),
            (r#""read_files":["{console}"]"#, &["console-"]),
            (r#""read_files":["/var/lib/misc/*.leases"]"#, &["dhcp-", "lease-", "dns-"]),
            (r#""read_files":["/var/lib/dhcp/dhcpd*.leases"]"#, &["dhcp-", "lease-", "dns-"]),
            (r#""read_files":["/proc/net/arp"]"#, &["neighbour-"]),
            (r#""read_files":["/private/var/db/dhcpd_leases"]"#, &["dhcp-", "lease-", "dns-"]),
            (r#""read_files":["/etc/hosts"]"#, &["dns-"]),
            // Any file is not a lease file, whatever its name.
            (r#""read_files":["/etc/os-release"]"#, &[]),
            (r#""read_files":["/opt/plugin/dnsmasq.leases"]"#, &[]),
            (r#""exec":["/usr/sbin/arp"]"#, &["neighbour-"]),
            (r#""exec":["/usr/sbin/ndp"]"#, &["neighbour-"]),
            // A program that only has the name of one.
            (r#""exec":["/opt/plugin/arp"]"#, &[]),
            (r#""exec":["/usr/local/bin/ip"]"#, &[]),
            (r#""exec":["/usr/sbin/arp.sh"]"#, &[]),
            (r#""exec":["/usr/bin/true"]"#, &[]),
        ];
        for (needs, expected) in rows {
            let fits =
                |code: &str| code == "unread" || expected.iter().any(|it| code.starts_with(it));
            let expected: Vec<_> =
                Kind::NAMED.iter().map(Kind::code).filter(|it| fits(it)).collect();
            assert_eq!(known(needs, "", false), expected, "{needs}");
        }
    }

    #[test]
    fn a_plugin_reports_no_own_kind_but_those_that_it_declares() {
        let text = r#"{"id":"netbox","version":"1","epoch":1,"kinds":["signal"],"evidence":[
            {"kind":"netbox.address","half_life_s":60,"likelihood_ratio":5,"says":"it has it"}]}"#;
        let manifest: Manifest = text.parse().unwrap();
        let rows = [
            ("netbox.address", ""),
            ("netbox.name", "netbox.name, which its manifest does not declare in `evidence`"),
            ("other.address", "other.address, which its manifest does not declare in `evidence`"),
            (
                "netbox.address.",
                "netbox.address., which its manifest does not declare in `evidence`",
            ),
            ("tomorrow", ""),
        ];
        for (code, expected) in rows {
            for replays in [false, true] {
                let outcome = check(&manifest, replays, &Kind::from_code(code), &[]);
                assert_eq!(outcome.err().unwrap_or_default(), expected);
            }
        }
    }

    #[test]
    fn every_kind_but_unread_has_a_source() {
        assert_eq!(known("", "", false), ["unread"]);
    }

    #[test]
    fn an_artefact_counts_in_a_replay_alone() {
        assert_eq!(known("", r#""dhcp/*.pcap""#, false), ["unread"]);
        assert_eq!(known("", r#""dhcp/*.pcap""#, true), ["dhcp-ack", "unread"]);
    }

    #[test]
    fn says_what_was_reported_and_what_it_needs() {
        let key = [(attribute::HOST_KEY.to_owned(), "ssh-ed25519 AAAA".to_owned())];
        let rows = [
            (Kind::ArpReply, &[][..], "arp-reply, which it cannot know without `arp`"),
            (
                Kind::DnsAddress,
                &[],
                "dns-address, which it cannot know without `network` or `/etc/hosts` in `read_files` or a known \
                 lease file in `read_files`",
            ),
            (
                Kind::Other("tomorrow".to_owned()),
                &key,
                "a host key, which it cannot know without `host_keys`",
            ),
        ];
        for (kind, attributes, expected) in rows {
            let why = check(&manifest("", ""), false, &kind, attributes).unwrap_err();
            assert_eq!(why, expected);
        }
    }
}
