//! Names of a guest's interfaces.

use std::fmt;

/// Longest name, in bytes: that of Linux, and a few more for other systems.
const NAME_LIMIT: usize = 20;

/// Beginnings of the names of containers, hypervisors' bridges and tunnels, whose addresses are not the
/// machine's own. They count only if the log gives them the machine's MAC: a bridge of the guest may have
/// such a name, too.
const FOREIGN: &[&str] = &[
    "lo",
    "docker",
    "virbr",
    "veth",
    "cni",
    "br-",
    "tailscale",
    "wg",
    "tun",
    "tap",
    "zt",
    "flannel",
    "cali",
    "cilium",
    "kube-",
    "nodelocaldns",
    "podman",
    "lxc",
    "lxdbr",
    "incusbr",
    "nerdctl",
    "weave",
    "vxlan",
    "dummy",
    "ifb",
    "sit",
    "ip6tnl",
    "gre",
    "utun",
    "ppp",
    "vmnet",
];

/// The name of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Device(String);

impl Device {
    /// The name in this word, without a colon after it.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let name = word.strip_suffix(':').unwrap_or(word);
        let first = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic());
        let rest =
            |character: char| character.is_ascii_alphanumeric() || "._-@:".contains(character);
        let valid = first && name.len() <= NAME_LIMIT && name.chars().all(rest);
        valid.then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is that of a container, a tunnel or the like.
    pub(crate) fn is_foreign(&self) -> bool {
        FOREIGN.iter().any(|beginning| self.0.starts_with(beginning))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_refuses_the_rest() {
        let rows = [
            ("eth0", Some(false)),
            ("enp1s0:", Some(false)),
            ("eth0.100@eth0", Some(false)),
            ("br0", Some(false)),
            ("br-3f2a", Some(true)),
            ("docker0", Some(true)),
            ("wg-home", Some(true)),
            ("lo", Some(true)),
            ("", None),
            ("0eth", None),
            ("eth\u{fffd}", None),
            ("a-name-that-is-too-long", None),
        ];
        for (word, expected) in rows {
            assert_eq!(Device::parse(word).map(|name| name.is_foreign()), expected, "{word}");
        }
    }
}
