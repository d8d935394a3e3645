//! The newest faults: they were drawn after the catalogue was made, and were measured once before anything
//! was changed for them. When others are added, these join the older ones.

use super::fault::{BRIDGED, CAPTURE, FAULTS, Fault, fault};

/// The newest faults.
pub(super) static NEWEST: &[Fault] = &[
    // Of seconds, or of none at all.
    fault("dhcp-short-lease", BRIDGED, CAPTURE),
    fault("dhcp-wrong-mask", BRIDGED, CAPTURE),
    fault("host-subnet-collides", &["shared"], &[&[]]),
    fault("host-route-misdirected", &[], &[&["listeners"]]),
    // A server whose OFFERs come after every client has asked anew.
    fault("other-late-offers", BRIDGED, &[]),
    // A client that takes OFFERs and has no use for the ACK.
    fault("other-ack-ignored", &[], &[]),
    // A script that gives every lease back.
    fault("other-released-at-once", &[], &[]),
    // A server that accepts connections and says nothing, as with too many that are not yet let in.
    fault("other-ssh-silent", &[], &[]),
    // A kernel that stops after the VM has had its address for a while.
    fault("other-guest-hung", &[], &[]),
    // A bridge of macOS that forwards nothing, with all its members.
    fault("other-mac-bridge-stuck", &["bridged", "macos"], &[]),
];

/// The newest pairs.
pub(super) static PAIRS: &[[&str; 2]] = &[
    ["guest-ssh-not-listening", "stale-hosts"],
    ["dhcp-wrong-mask", "stale-dns"],
    ["router-drops-foreign-chaddr", "vm-registry-mac-mismatch"],
    ["dhcp-pool-exhausted", "vm-registry-mac-mismatch"],
    ["vm-duplicate-mac", "host-uplink-down"],
];

/// The fault of this code, new or old.
pub fn fault_of(code: &str) -> Option<&'static Fault> {
    FAULTS.iter().chain(NEWEST).find(|fault| fault.code == code)
}
