//! Names and aliases of the interfaces that the broker makes.

use std::{io, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use vmkit_rights::Refusal;

use super::link::Link;

/// The name of a new port. The kernel puts the first free number in, so that no two get one name.
pub(super) const NAME: &str = "vmtap%d";
/// What all names of ports begin with.
const PREFIX: &str = "vmtap";
/// The first word of the alias of each interface that the broker makes.
const OWN: &str = "vmkit";

/// The name of the port with this number.
pub(super) fn name(number: u32) -> String {
    format!("{PREFIX}{number}")
}

/// The alias of an interface that is made now: the word, and the seconds since the computer started.
pub(super) fn alias() -> String {
    format!("{OWN} {}", since_boot())
}

fn since_boot() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or(0)
}

/// Whether the broker made this port.
pub(super) fn is_own(link: &Link) -> bool {
    link.name.starts_with(PREFIX) && is_ours(&link.alias)
}

/// Whether the alias says that the broker made the interface.
pub(super) fn is_ours(alias: &str) -> bool {
    alias.split(' ').next() == Some(OWN)
}

/// How long ago the interface with this alias was made.
pub(super) fn age(alias: &str) -> Duration {
    let made = alias.split(' ').nth(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    Duration::from_secs(since_boot().saturating_sub(made))
}

/// The refusal of what the system did not do.
pub(super) fn refusal(operation: &str, error: &io::Error) -> Refusal {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Refusal::denied(format!("{operation}: {error} (needs root or CAP_NET_ADMIN)"));
    }
    Refusal::failed(format!("{operation}: {error}"))
}
