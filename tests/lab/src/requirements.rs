//! The rights and programs that a lab needs.

use std::{env, path::Path};

/// A program of the lab, and its package in each distribution family.
#[derive(Clone, Copy, Debug)]
pub struct Requirement {
    /// The program's file name.
    pub program: &'static str,
    /// Debian and Ubuntu.
    pub debian: &'static str,
    /// Fedora and its relatives. `None`: no package has it.
    pub fedora: Option<&'static str>,
    /// Arch and its relatives. `None`: no package has it.
    pub arch: Option<&'static str>,
}

const fn requirement(
    program: &'static str,
    debian: &'static str,
    fedora: Option<&'static str>,
    arch: Option<&'static str>,
) -> Requirement {
    Requirement { program, debian, fedora, arch }
}

/// The programs that the lab runs.
pub const REQUIREMENTS: &[Requirement] = &[
    requirement("ip", "iproute2", Some("iproute"), Some("iproute2")),
    requirement("nft", "nftables", Some("nftables"), Some("nftables")),
    requirement("dnsmasq", "dnsmasq-base", Some("dnsmasq"), Some("dnsmasq")),
    requirement("udhcpc", "udhcpc", None, None),
    requirement("dhclient", "isc-dhcp-client", Some("dhcp-client"), Some("dhclient")),
    requirement("tcpdump", "tcpdump", Some("tcpdump"), Some("tcpdump")),
    requirement(
        "qemu-system-x86_64",
        "qemu-system-x86",
        Some("qemu-system-x86-core"),
        Some("qemu-system-x86"),
    ),
    requirement("qemu-img", "qemu-utils", Some("qemu-img"), Some("qemu-img")),
    requirement("busybox", "busybox-static", Some("busybox"), Some("busybox")),
    requirement("depmod", "kmod", Some("kmod"), Some("kmod")),
    requirement("cpio", "cpio", Some("cpio"), Some("cpio")),
    requirement("sysctl", "procps", Some("procps-ng"), Some("procps-ng")),
    requirement("dhcpcd", "dhcpcd-base", Some("dhcpcd"), Some("dhcpcd")),
    requirement("qemu-ga", "qemu-guest-agent", Some("qemu-guest-agent"), Some("qemu-guest-agent")),
    requirement("sshd", "openssh-server", Some("openssh-server"), Some("openssh")),
    requirement("kea-dhcp4", "kea-dhcp4-server", Some("kea"), Some("kea")),
    requirement("xz", "xz-utils", Some("xz"), Some("xz")),
    requirement("strace", "strace", Some("strace"), Some("strace")),
];

/// Additional programs for the bench.
pub const BENCH_REQUIREMENTS: &[Requirement] = &[
    requirement("hyperfine", "hyperfine", Some("hyperfine"), Some("hyperfine")),
    requirement("time", "time", Some("time"), Some("time")),
];

impl Requirement {
    /// Whether the program is installed.
    pub fn is_met(&self) -> bool {
        let path = env::var_os("PATH").unwrap_or_default();
        // A user's PATH may lack the folders for administrators.
        let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
        folders.into_iter().any(|folder| Path::new(&folder).join(self.program).is_file())
    }
}

/// What is missing on this computer; empty if labs can be built.
pub(crate) fn missing_requirements() -> Vec<String> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("root, for network namespaces".to_owned());
    }
    for requirement in REQUIREMENTS.iter().filter(|requirement| !requirement.is_met()) {
        let Requirement { program, debian, .. } = requirement;
        missing.push(format!("`{program}` of Debian's package {debian}"));
    }
    missing
}
