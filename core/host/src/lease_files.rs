//! The files in which DHCP servers and clients keep leases.

/// Known lease files. A `*` stands for a part of one name; a manifest may use one in the same place.
const LEASE_FILES: [&str; 43] = [
    // libvirt.
    "/var/lib/libvirt/dnsmasq/*.status",
    "/var/lib/libvirt/dnsmasq/*.leases",
    // dnsmasq.
    "/var/lib/misc/*.leases",
    "/var/lib/dnsmasq/*.leases",
    "/var/db/dnsmasq.leases",
    "/run/dnsmasq/*.leases",
    "/run/vmkit/shared/dnsmasq.leases",
    "/opt/homebrew/var/lib/misc/dnsmasq/dnsmasq.leases",
    "/usr/local/var/lib/misc/dnsmasq/dnsmasq.leases",
    // LXC, LXD, Incus and Multipass, which run dnsmasq.
    "/var/lib/lxc/*.leases",
    "/var/lib/lxd/networks/*/dnsmasq.leases",
    "/var/snap/lxd/common/lxd/networks/*/dnsmasq.leases",
    "/var/lib/incus/networks/*/dnsmasq.leases",
    "/var/snap/multipass/common/data/multipassd/network/dnsmasq.leases",
    // ISC's server and client.
    "/var/lib/dhcp/dhcpd*.leases",
    "/var/lib/dhcpd/dhcpd*.leases",
    "/var/db/dhcpd*.leases",
    "/var/lib/dhcp/dhclient*.leases",
    "/var/lib/dhclient/dhclient*.leases",
    // Kea, with the files that its clean-up leaves.
    "/var/lib/kea/kea-leases4.csv*",
    "/var/lib/kea/kea-leases6.csv*",
    "/var/lib/kea/dhcp4.leases",
    "/var/lib/kea/dhcp6.leases",
    "/usr/local/var/lib/kea/kea-leases4.csv*",
    "/usr/local/var/lib/kea/kea-leases6.csv*",
    "/opt/homebrew/var/lib/kea/kea-leases4.csv*",
    "/opt/homebrew/var/lib/kea/kea-leases6.csv*",
    // NetworkManager and systemd-networkd.
    "/var/lib/NetworkManager/*.lease",
    "/var/lib/NetworkManager/*.leases",
    "/run/systemd/netif/leases/*",
    "/run/systemd/netif/dhcp-server-lease/*",
    "/var/lib/systemd/network/dhcp-server-lease/*",
    // Other clients and servers.
    "/var/lib/dhcpcd/*.lease",
    "/var/db/dhcpcd/*.lease",
    "/var/lib/udhcpd/udhcpd.leases",
    "/var/lib/misc/udhcpd.leases",
    // VMware.
    "/etc/vmware/vmnet1/dhcpd/dhcpd*.leases",
    "/etc/vmware/vmnet8/dhcpd/dhcpd*.leases",
    "/etc/vmware/vmnet*/dhcpd/dhcpd.leases",
    "/var/db/vmware/vmnet-dhcpd-*.leases",
    // Parallels, and macOS.
    "/Library/Preferences/Parallels/parallels_dhcp_leases",
    "/var/db/dhcpd_leases",
    "/var/db/dhcpclient/leases/*",
];

/// Whether this entry of a manifest stands for lease files alone. A file that a plugin could bring along is
/// not one, whatever its name.
pub(crate) fn is_lease_file(entry: &str) -> bool {
    // Where macOS really keeps `/var`.
    let entry =
        entry.strip_prefix("/private").filter(|rest| rest.starts_with('/')).unwrap_or(entry);
    // A `*` of the entry fits where the known pattern has one: it then stands for fewer files.
    LEASE_FILES.iter().any(|pattern| vmkit_wire::fits(pattern, entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_lease_files_and_narrower_patterns_are_lease_files() {
        let rows = [
            ("/var/lib/libvirt/dnsmasq/*.status", true),
            ("/var/lib/libvirt/dnsmasq/virbr0.status", true),
            ("/var/lib/libvirt/dnsmasq/vir*.status", true),
            ("/var/lib/dhcp/dhcpd*.leases", true),
            ("/var/lib/dhcp/*.leases", false),
            ("/etc/vmware/vmnet8/dhcpd/dhcpd*.leases", true),
            ("/etc/vmware/vmnet2/dhcpd/dhcpd.leases", true),
            ("/var/lib/incus/networks/incusbr0/dnsmasq.leases", true),
            ("/var/lib/incus/networks/a/b/dnsmasq.leases", false),
            ("/var/lib/kea/kea-leases4.csv", true),
            ("/var/lib/kea/kea-leases4.csv.2", true),
            ("/run/systemd/netif/leases/2", true),
            ("/private/var/db/dhcpd_leases", true),
            ("/private/etc/os-release", false),
            ("/etc/os-release", false),
            ("/etc/*.leases", false),
            ("/var/lib/libvirt/dnsmasq/default.conf", false),
        ];
        for (entry, expected) in rows {
            assert_eq!(is_lease_file(entry), expected, "{entry}");
        }
    }

    #[test]
    fn each_file_of_the_plugin_that_reads_leases_is_one() {
        let manifest: vmkit_wire::Manifest =
            include_str!("../../../plugins/signal-leases/plugin.json").parse().unwrap();
        let macos = manifest.needs_macos.unwrap();
        for file in manifest.needs.read_files.into_iter().chain(macos.read_files) {
            let entry = String::from(file);
            assert!(is_lease_file(&entry), "{entry}");
        }
    }
}
