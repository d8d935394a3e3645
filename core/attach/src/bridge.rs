//! Bridges: what is in them, and whose network they are.

use vmkit_types::{HostNetwork, Interface, InterfaceKind};

/// The bridge of the network that this computer serves for machines in shared mode.
pub const SHARED_BRIDGE: &str = "vmkit0";

/// Whether the interface can lead to a router: an adapter for Wi-Fi or Ethernet.
pub fn is_adapter(interface: &Interface) -> bool {
    matches!(interface.kind, InterfaceKind::Wifi | InterfaceKind::Ethernet)
}

/// The uplink in a bridge. If there are several, one that is up.
pub fn uplink_in<'a>(network: &'a HostNetwork, bridge: &str) -> Option<&'a Interface> {
    members(network, bridge).filter(|each| is_adapter(each)).max_by_key(|each| each.up)
}

/// Whether the bridge is a network that this computer serves: it has an address in it, and nothing in
/// it leads out. `port`: the port of a machine, which leads nowhere, whatever its kind.
pub fn is_own_network(network: &HostNetwork, bridge: &Interface, port: Option<&str>) -> bool {
    let serves = bridge.addresses.iter().any(|prefix| prefix.address.is_ipv4());
    let leads_out = members(network, &bridge.name).any(|each| {
        is_adapter(each) || each.kind == InterfaceKind::Unknown && port != Some(each.name.as_str())
    });
    serves && !leads_out && !has_default_route(network, &bridge.name)
}

/// Whether the default route leads through the interface.
pub(crate) fn has_default_route(network: &HostNetwork, interface: &str) -> bool {
    let mut routes = network.routes.iter();
    routes.any(|route| route.destination.length == 0 && route.interface == interface)
}

fn members<'a>(network: &'a HostNetwork, bridge: &str) -> impl Iterator<Item = &'a Interface> {
    network.interfaces.iter().filter(move |each| each.bridge.as_deref() == Some(bridge))
}
