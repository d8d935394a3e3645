//! Interfaces and routes of Linux.

use std::{fs::File, io::BufReader, path::Path};

use procfs::{FromBufRead as _, net::RouteEntries};
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix, Reading, Route, Unread};

use crate::{
    interfaces::interfaces,
    linux::{read, unread},
};

/// The routes of the calling thread's namespace, which need not be that of the whole process.
const ROUTES: &str = "/proc/thread-self/net/route";

/// The kernel's flags of a route that is in use, that has a next hop, and that leads nowhere.
const RTF_UP: u16 = 0x1;
const RTF_GATEWAY: u16 = 0x2;
const RTF_REJECT: u16 = 0x200;

/// Most bytes of an attribute in `/sys`, which the kernel keeps within one page.
const ATTRIBUTE_LIMIT: usize = 4096;

/// The bit of `tun_flags` that makes it a port for Ethernet frames; without it, a tunnel.
const IFF_TAP: u32 = 0x2;

pub(crate) fn network() -> Reading<HostNetwork> {
    let routes = match routes() {
        Ok(routes) => routes,
        Err(why) => return Reading::Unknown(why),
    };
    interfaces().map(|mut interfaces| {
        for interface in &mut interfaces {
            describe(interface);
        }
        HostNetwork { interfaces, routes }
    })
}

fn routes() -> Result<Vec<Route>, Unread> {
    let file = File::open(ROUTES).map_err(|error| unread(&format!("read {ROUTES}"), &error))?;
    let table = RouteEntries::from_buf_read(BufReader::new(file));
    let RouteEntries(entries) = table.map_err(|_| Unread::Malformed(ROUTES.to_owned()))?;
    let usable = entries.into_iter().filter(|entry| entry.flags & (RTF_UP | RTF_REJECT) == RTF_UP);
    Ok(usable
        .map(|entry| Route {
            destination: Prefix {
                address: entry.destination.into(),
                length: u8::try_from(entry.mask.to_bits().count_ones()).unwrap_or(32),
            },
            gateway: (entry.flags & RTF_GATEWAY != 0).then(|| entry.gateway.into()),
            interface: entry.iface,
        })
        .collect())
}

/// Adds what `/sys` tells. In a namespace whose `/sys` is another's, nothing is found there, and
/// the name alone speaks.
fn describe(interface: &mut Interface) {
    // A name of the kernel has no slash, but `.` and `..` are refused by it for a reason.
    let directory = Path::new("/sys/class/net").join(&interface.name);
    let bridge = std::fs::read_link(directory.join("brport/bridge")).ok();
    interface.bridge =
        bridge.and_then(|target| Some(target.file_name()?.to_string_lossy().into_owned()));
    if interface.kind == InterfaceKind::Loopback {
        return;
    }
    let text = |attribute: &str| {
        let mut buffer = [0; ATTRIBUTE_LIMIT];
        let bytes = read(&directory.join(attribute), &mut buffer).ok()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let uevent = text("uevent");
    let device = uevent.as_deref().map(|uevent| device_type(uevent).unwrap_or_default());
    // Those that have a device type are no TUN/TAP, which saves a look at each.
    let tun_flags = if device == Some("") { text("tun_flags") } else { None };
    interface.kind = kind(&interface.name, device, tun_flags.as_deref());
}

/// The `DEVTYPE` in the text of an interface's `uevent`.
fn device_type(uevent: &str) -> Option<&str> {
    uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE="))
}

/// What an interface is. `device` is its type in `/sys`, empty where the kernel gives it none, as
/// it does to cards and their virtual likes; `None` where `/sys` does not show the interface.
fn kind(name: &str, device: Option<&str>, tun_flags: Option<&str>) -> InterfaceKind {
    if of_container_engine(name) {
        return InterfaceKind::Container;
    }
    if let Some(flags) = tun_flags {
        let bits = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).unwrap_or(0);
        return if bits & IFF_TAP != 0 { InterfaceKind::Tap } else { InterfaceKind::Vpn };
    }
    match device {
        Some("bridge") => InterfaceKind::Bridge,
        Some("wlan") => InterfaceKind::Wifi,
        Some("macvtap") => InterfaceKind::Tap,
        Some("wireguard" | "ppp" | "xfrm") => InterfaceKind::Vpn,
        Some("" | "vlan" | "bond" | "macvlan" | "dsa") => InterfaceKind::Ethernet,
        _ => InterfaceKind::Unknown,
    }
}

/// Names that the container engines give: the kernel calls these bridge or veth, as it would
/// those of a guest.
fn of_container_engine(name: &str) -> bool {
    const PREFIXES: &[&str] =
        &["docker", "podman", "veth", "cni", "flannel", "cali", "lxcbr", "lxdbr"];
    let network_id = name.strip_prefix("br-");
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || network_id.is_some_and(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_from_the_kernels_word_and_the_name() {
        use InterfaceKind::{Bridge, Container, Ethernet, Tap, Unknown, Vpn, Wifi};
        let table = [
            ("wlp2s0", "DEVTYPE=wlan\nINTERFACE=wlp2s0\nIFINDEX=3\n", None, Wifi),
            ("br0", "DEVTYPE=bridge\nINTERFACE=br0\nIFINDEX=5\n", None, Bridge),
            ("docker0", "DEVTYPE=bridge\nINTERFACE=docker0\nIFINDEX=6\n", None, Container),
            ("br-8f3d61c0aa12", "DEVTYPE=bridge\n", None, Container),
            ("br-lan", "DEVTYPE=bridge\n", None, Bridge),
            ("eth0", "INTERFACE=eth0\nIFINDEX=4\n", None, Ethernet),
            ("en0", "INTERFACE=en0\nIFINDEX=2\n", None, Ethernet),
            ("veth9a1c", "INTERFACE=veth9a1c\nIFINDEX=9\n", None, Container),
            ("tap0", "INTERFACE=tap0\nIFINDEX=7\n", Some("0x1002\n"), Tap),
            ("tun0", "INTERFACE=tun0\nIFINDEX=8\n", Some("0x1001\n"), Vpn),
            ("wg0", "DEVTYPE=wireguard\nINTERFACE=wg0\n", None, Vpn),
            ("gtp0", "DEVTYPE=gtp\n", None, Unknown),
        ];
        for (name, uevent, tun_flags, expected) in table {
            let device = device_type(uevent).unwrap_or_default();
            assert_eq!(kind(name, Some(device), tun_flags), expected, "{name}");
        }
        assert_eq!(kind("eth0", None, None), Unknown, "not shown by /sys");
    }
}
