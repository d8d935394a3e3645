//! Removes ports of the broker's that no machine has.

use std::{fs, io, time::Duration};

use netlink_packet_route::link::InfoKind;

use super::{
    link::Link,
    names::{age, is_own},
    netlink::Netlink,
    watcher,
};

/// How long a descriptor may be on its way from the broker to QEMU, when no process has it.
const ON_ITS_WAY: Duration = Duration::from_mins(1);
/// The bit of `tun_flags` of a tap that outlives its descriptor, as its holder may have it do.
const PERSISTENT: u32 = 0x800;

/// Removes them, and returns how many others there are. What cannot be removed stays for the next time.
///
/// # Errors
/// The kernel does not say which ports there are.
pub(super) fn remove(netlink: &mut Netlink) -> io::Result<usize> {
    let links = netlink.links()?;
    let (left, used): (Vec<_>, Vec<_>) =
        links.iter().filter(|link| is_own(link)).partition(|link| is_left(link));
    for link in left {
        netlink.remove_link(link.index).ok();
    }
    Ok(used.len())
}

fn is_left(link: &Link) -> bool {
    match link.kind {
        Some(InfoKind::MacVtap) => age(&link.alias) > ON_ITS_WAY && !watcher::is_held(link),
        // A tap that nobody has open has no carrier.
        Some(InfoKind::Tun) => !link.has_carrier && is_persistent(&link.name),
        _ => false,
    }
}

fn is_persistent(tap: &str) -> bool {
    let flags = fs::read_to_string(format!("/sys/class/net/{tap}/tun_flags")).unwrap_or_default();
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16);
    flags.is_ok_and(|flags| flags & PERSISTENT != 0)
}
