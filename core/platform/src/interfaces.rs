//! The interfaces with their addresses, read alike on every system.

use pnet_datalink::NetworkInterface;
use vmkit_types::{Interface, InterfaceKind, Mac, Prefix, Reading, Unread};

/// All interfaces. The kind is known only where the flags tell it.
pub(crate) fn interfaces() -> Reading<Vec<Interface>> {
    let found = pnet_datalink::interfaces();
    if found.is_empty() {
        // Even an empty namespace has a loopback interface.
        return Reading::Unknown(Unread::Failed("list the network interfaces".to_owned()));
    }
    Reading::Known(found.into_iter().filter_map(interface).collect())
}

fn interface(found: NetworkInterface) -> Option<Interface> {
    // On macOS this flag means the driver; `ifconfig` reports the cable.
    let carrier = found.is_running() || cfg!(not(target_os = "linux"));
    let (up, loopback) = (found.is_up() && carrier, found.is_loopback());
    // The library builds the string without checking that it is UTF-8.
    let name = String::from_utf8(found.name.into_bytes()).ok()?;
    let mac = found.mac.map(|mac| Mac::new(mac.octets())).filter(|mac| !mac.is_zero());
    let addresses = found
        .ips
        .iter()
        .map(|network| Prefix { address: network.ip(), length: network.prefix() })
        .collect();
    let kind = if loopback { InterfaceKind::Loopback } else { InterfaceKind::Unknown };
    Some(Interface { name, mac, addresses, kind, up, bridge: None })
}
