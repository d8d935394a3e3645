//! Interfaces and routes on Linux.

use std::{fs::File, io::BufReader, path::Path};

use procfs::{FromBufRead as _, net::RouteEntries};
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix, Reading, Route, Unread};

use crate::{
    interfaces::interfaces,
    linux_file::{read, unread},
};

/// The routes of the calling thread's namespace, which may differ from the process's.
const ROUTES: &str = "/proc/thread-self/net/route";

/// The kernel's flags of a route: in use, has a next hop, rejects packets.
const RTF_UP: u16 = 0x1;
const RTF_GATEWAY: u16 = 0x2;
const RTF_REJECT: u16 = 0x200;

/// Longest attribute in `/sys`: one page.
const ATTRIBUTE_LIMIT: usize = 4096;

/// The bit of `tun_flags` of a TAP device, which carries Ethernet frames; without it, a tunnel.
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

/// Adds what `/sys` says. Where `/sys` belongs to another namespace, only the name is known.
fn describe(interface: &mut Interface) {
    // The kernel allows no slash in a name, and neither `.` nor `..`.
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
    // Interfaces with a device type are no TUN/TAP devices, so skip reading their flags.
    let tun_flags = if device == Some("") { text("tun_flags") } else { None };
    // The kernel gives a macvtap no type, and a directory for its device.
    let is_macvtap =
        device == Some("") && tun_flags.is_none() && directory.join("macvtap").exists();
    let device = if is_macvtap { Some("macvtap") } else { device };
    interface.kind = kind(&interface.name, device, tun_flags.as_deref());
}

/// The `DEVTYPE` in the text of an interface's `uevent`.
fn device_type(uevent: &str) -> Option<&str> {
    uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE="))
}

/// The kind of an interface. `device` is its type in `/sys`: empty for physical and virtual network
/// cards, which have none; `None` if `/sys` lacks the interface.
fn kind(name: &str, device: Option<&str>, tun_flags: Option<&str>) -> InterfaceKind {
    if is_of_container_engine(name) {
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

/// Whether a container engine gave the name. The kernel reports bridge or veth, as for VMs'.
fn is_of_container_engine(name: &str) -> bool {
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
    fn tells_the_kind_from_device_type_flags_and_name() {
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
            ("macvtap0", "DEVTYPE=macvtap\n", None, Tap),
            ("gtp0", "DEVTYPE=gtp\n", None, Unknown),
        ];
        for (name, uevent, tun_flags, expected) in table {
            let device = device_type(uevent).unwrap_or_default();
            assert_eq!(kind(name, Some(device), tun_flags), expected, "{name}");
        }
        assert_eq!(kind("eth0", None, None), Unknown, "not shown by /sys");
    }
}
