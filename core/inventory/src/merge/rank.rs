//! What is known of managers: which of two knows a machine better, and whose processes are theirs.

/// The manager of processes that nobody else manages.
const PLAIN: &str = "qemu";

/// Managers that others use to run their machines. The others know more of a machine than these, and
/// these know more than [`PLAIN`].
const ENGINES: &[&str] = &["libvirt", "lima", "virtualbox", "vmware", "vfkit", "incus"];

/// The users whose processes are a manager's: it runs machines as these, which nobody logs in as.
const SERVICES: &[(&str, &[&str])] = &[
    // Debian's and Fedora's.
    ("libvirt", &["libvirt-qemu", "qemu"]),
    ("incus", &["incus"]),
];

/// The place of an inventory among those that see one machine: the least knows it best. `bundled`: whether
/// its plugin came with vmkit.
pub(super) fn rank(manager: &str, bundled: bool) -> u8 {
    match manager {
        _ if !bundled => 3,
        PLAIN => 2,
        manager => u8::from(ENGINES.contains(&manager)),
    }
}

/// The users that run machines of this manager, beside root and the user who asks.
pub(crate) fn service_users(manager: &str) -> &'static [&'static str] {
    SERVICES.iter().find(|(of, _)| *of == manager).map_or(&[], |(_, users)| users)
}
