//! The leases of one server, and words for them.

use vmkit_leases::{Format, Lease};

/// Most leases of one machine that are reported: it has one per network, and more in a file are old.
pub(super) const LEASES_LIMIT: usize = 8;

/// The leases of one file.
pub(crate) struct LeaseFile {
    pub(crate) format: Format,
    /// The bridge of these leases, where that is known.
    pub(crate) bridge: Option<String>,
    /// Newest first.
    pub(crate) leases: Vec<Lease>,
}

/// Whether the network of the server is known: a bridge, or the system's shared network. Another dnsmasq or
/// dhcpd may serve networks without VMs, and Parallels serves its own VMs.
pub(super) fn serves_known_network(file: &LeaseFile) -> bool {
    file.bridge.is_some() || file.format == Format::MacOs
}

/// A time in its two largest units.
pub(super) fn in_words(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let largest = UNITS.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(UNITS.len() - 1);
    let (unit, name) = UNITS[largest];
    let whole = format!("{} {name}", seconds / unit);
    match UNITS.get(largest + 1) {
        Some((below, name)) if seconds % unit >= *below => {
            format!("{whole} {} {name}", seconds % unit / below)
        }
        _ => whole,
    }
}
