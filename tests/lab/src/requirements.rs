//! The rights and programs that a lab needs.

use std::{env, path::PathBuf};

use crate::LabError;

/// A program of the lab, and its package in each distribution family.
#[derive(Clone, Copy, Debug)]
pub struct Requirement {
    /// The program's file name; for another file, its path from a folder of programs.
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
    requirement("iptables-nft", "iptables", Some("iptables-nft"), Some("iptables-nft")),
    requirement("ebtables-nft", "iptables", Some("iptables-nft"), Some("iptables-nft")),
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
    requirement("unshare", "util-linux", Some("util-linux"), Some("util-linux")),
    requirement("strace", "strace", Some("strace"), Some("strace")),
    requirement("dropbear", "dropbear-bin", Some("dropbear"), Some("dropbear")),
    requirement("mcopy", "mtools", Some("mtools"), Some("mtools")),
    requirement("syslinux", "syslinux", Some("syslinux"), Some("syslinux")),
    BOOT_RECORD,
];

/// What BIOS starts on a disk, and what starts the active partition.
pub(crate) const BOOT_RECORD: Requirement =
    requirement("../lib/syslinux/mbr/mbr.bin", "syslinux-common", None, None);

/// Additional programs that make the image of a real Debian.
pub const DEBIAN_REQUIREMENTS: &[Requirement] = &[
    requirement("mmdebstrap", "mmdebstrap", Some("mmdebstrap"), None),
    requirement("mkfs.ext4", "e2fsprogs", Some("e2fsprogs"), Some("e2fsprogs")),
];

/// Additional programs of a host that runs libvirt. The package that starts libvirt with the computer
/// has more dependencies, and the tests need none of them.
pub const LIBVIRT_REQUIREMENTS: &[Requirement] = &[
    requirement("libvirtd", "libvirt-daemon", Some("libvirt-daemon-kvm"), Some("libvirt")),
    requirement("virsh", "libvirt-clients", Some("libvirt-client"), Some("libvirt")),
    requirement("iptables", "iptables", Some("iptables-nft"), Some("iptables")),
];

/// What opens the doctor's page in a real browser. A browser without a font shows nothing.
pub const BROWSER_REQUIREMENTS: &[Requirement] = &[
    requirement("chromium", "chromium", Some("chromium"), Some("chromium")),
    requirement("../share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core", None, None),
];

/// Additional programs for the bench.
pub const BENCH_REQUIREMENTS: &[Requirement] = &[
    requirement("hyperfine", "hyperfine", Some("hyperfine"), Some("hyperfine")),
    requirement("time", "time", Some("time"), Some("time")),
];

impl Requirement {
    /// Whether the program is installed.
    pub fn is_met(&self) -> bool {
        self.find().is_some()
    }

    /// Where the program is.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        // A user's PATH may lack the folders for administrators.
        let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
        let mut files = folders.map(|folder| folder.join(self.program));
        files.find(|file| file.is_file())
    }
}

/// Fails where something is missing of these.
pub(crate) fn require(requirements: &[Requirement]) -> Result<(), LabError> {
    let missing = missing(requirements);
    if missing.is_empty() { Ok(()) } else { Err(LabError::Missing(missing.join("; "))) }
}

/// What is missing on this computer of these; empty if labs that need them can be built.
fn missing(requirements: &[Requirement]) -> Vec<String> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("root, for network namespaces".to_owned());
    }
    for requirement in requirements.iter().filter(|requirement| !requirement.is_met()) {
        let Requirement { program, debian, .. } = requirement;
        missing.push(format!("`{program}` of Debian's package {debian}"));
    }
    missing
}
