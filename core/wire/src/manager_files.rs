//! The files of managers that only root can read on many computers. The broker opens them for a plugin
//! that declares them, where `vm` has root's rights.

use crate::fit::fits;

/// Their patterns. Who may run `vm` with root's rights gets what these files hold through a plugin: a row
/// is for descriptions of machines and networks, never for keys.
const MANAGER_FILES: [&str; 11] = [
    // libvirt: what runs, what is defined, and its networks.
    "/run/libvirt/qemu/*.xml",
    "/run/libvirt/network/*.xml",
    "/etc/libvirt/qemu/*.xml",
    "/etc/libvirt/qemu/networks/*.xml",
    "/var/lib/libvirt/dnsmasq/*.status",
    // Proxmox VE.
    "/etc/pve/qemu-server/*.conf",
    "/etc/pve/nodes/*/qemu-server/*.conf",
    // Multipass, as a snap and on macOS.
    "/var/snap/multipass/common/data/multipassd/vault/multipassd-instance-image-records.json",
    "/var/snap/multipass/common/data/multipassd/multipassd-vm-instances.json",
    "/var/root/Library/Application Support/multipassd/qemu/vault/multipassd-instance-image-records.json",
    "/var/root/Library/Application Support/multipassd/qemu/multipassd-vm-instances.json",
];

/// Whether the broker may open the file at this path, or list the files of this pattern.
pub fn is_manager_file(path: &str) -> bool {
    MANAGER_FILES.iter().any(|pattern| fits(pattern, path))
}
