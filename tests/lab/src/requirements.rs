//! What a lab needs of this machine, and how a test says that it is not there.

use std::{env, path::Path};

use crate::{Lab, LabError};

/// Debian packages whose programs the lab runs.
pub const PACKAGES: &[&str] = &[
    "iproute2",
    "nftables",
    "dnsmasq-base",
    "udhcpc",
    "isc-dhcp-client",
    "tcpdump",
    "qemu-system-x86",
    "qemu-utils",
    "busybox-static",
    "kmod",
    "cpio",
    "procps",
    "dhcpcd-base",
    "qemu-guest-agent",
    "openssh-server",
    "kea-dhcp4-server",
];

/// A program of each package that a lab cannot do without.
const PROGRAMS: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("dnsmasq", "dnsmasq-base"),
    ("udhcpc", "udhcpc"),
    ("tcpdump", "tcpdump"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("qemu-img", "qemu-utils"),
    ("busybox", "busybox-static"),
    ("depmod", "kmod"),
    ("cpio", "cpio"),
    ("sysctl", "procps"),
    ("nft", "nftables"),
    ("dhclient", "isc-dhcp-client"),
    ("dhcpcd", "dhcpcd-base"),
    ("qemu-ga", "qemu-guest-agent"),
    ("sshd", "openssh-server"),
    ("kea-dhcp4", "kea-dhcp4-server"),
];

/// What is missing on this machine; empty where labs can be built.
pub fn missing_requirements() -> Vec<String> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("root, for network namespaces".to_owned());
    }
    for (program, package) in PROGRAMS {
        if !is_program(program) {
            missing.push(format!("`{program}` of Debian's package {package}"));
        }
    }
    missing
}

fn is_program(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    // A user's PATH may lack the folders of the administrator's programs.
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.into_iter().any(|folder| Path::new(&folder).join(name).is_file())
}

/// The lab, or `None` after saying loudly that this test did not run.
///
/// # Panics
/// Where a lab must be had (`CI` is set), and when it fails for another reason than a missing
/// privilege or program.
pub fn or_skip(lab: Result<Lab, LabError>) -> Option<Lab> {
    match lab {
        Ok(lab) => Some(lab),
        Err(LabError::Missing(what)) if env::var_os("CI").is_none() => {
            skipped(&what);
            None
        }
        Err(error) => panic!("the lab cannot be built: {error}"),
    }
}

#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
fn skipped(what: &str) {
    println!("\n!!! SKIPPED: the lab needs {what}\n");
}
