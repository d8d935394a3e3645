//! What the guest's DHCP client reported last.

use vmkit_types::{Reading, bounded};

use crate::{facts::Lease, parts::Parts};

/// Longest line that is kept.
const LONGEST: usize = 200;
/// What clients write when they got a lease: systemd-networkd, that of `NetworkManager`, dhclient,
/// dhcpcd and udhcpc.
const GIVEN: [&str; 6] = [
    "DHCPv4 address ",
    "state changed new lease",
    "-> bound",
    "bound to ",
    ": leased ",
    " obtained from ",
];
/// What they write when nobody gave one.
const MISSING: [&str; 8] = [
    "No DHCPOFFERS received",
    "DHCP lease lost",
    "DHCPv4 connection timed out",
    "request timed out",
    "-> timeout",
    "no lease, ",
    "IPv4LL address",
    "timed out contacting a DHCP server",
];

/// Reads the last line that tells. Other programs' lines are not in the part.
pub(crate) fn read(parts: &Parts) -> Reading<Lease> {
    let text = match parts.text("journal") {
        Ok(text) => text,
        Err(why) => return Reading::Unknown(why),
    };
    let holds = |line: &str, words: &[&str]| words.iter().any(|word| line.contains(word));
    let told = text.lines().rev().find_map(|line| {
        let kept = || bounded(line.trim(), LONGEST).to_owned();
        // A lease that was lost is named by the same words as one that was given.
        if holds(line, &MISSING) {
            return Some(Lease::Missing(kept()));
        }
        holds(line, &GIVEN).then(|| Lease::Given(kept()))
    });
    told.map_or(Reading::Absent, Reading::Known)
}
