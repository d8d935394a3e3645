//! The adapters and bridges of this computer, and whether a machine can be put on the network of each.

use vmkit_model::Platform;
use vmkit_types::{HostNetwork, Interface, InterfaceKind};

use crate::bridge::{SHARED_BRIDGE, has_default_route, uplink_in};

/// An adapter or a bridge of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter<'a> {
    /// The interface.
    pub interface: &'a Interface,
    /// The adapter that a bridge leads to.
    pub uplink: Option<&'a Interface>,
    /// Whether the default route of this computer leads through it.
    pub default_route: bool,
    /// How a machine is bridged to it.
    pub bridging: Bridging,
}

/// How a machine is bridged to an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bridging {
    /// Linux: by a tap in this bridge.
    Tap,
    /// Linux: by a macvtap on this adapter, through which this computer and the machine do not reach each
    /// other.
    Macvtap,
    /// macOS: by vmnet, with the machine's own MAC.
    Vmnet,
    /// macOS: by vmnet, with the adapter's MAC in place of the machine's, as Wi-Fi needs it.
    VmnetWifi,
    /// Not at all.
    Impossible(Obstacle),
}

/// Why no machine can be bridged to an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Linux puts a Wi-Fi station in no bridge.
    WifiStation,
    /// It is in a bridge, to which VMs are bridged instead.
    InBridge(String),
    /// It is the bridge of shared mode.
    SharedNetwork,
    /// macOS has made it for its own networks.
    OfSystem,
    /// The system does not say what it is.
    UnknownKind,
    /// How this system bridges machines is not known.
    UnknownSystem,
}

impl Adapter<'_> {
    /// Whether the machine's frames pass Wi-Fi.
    pub fn is_wifi(&self) -> bool {
        let kinds = [Some(self.interface), self.uplink].into_iter().flatten();
        kinds.into_iter().any(|interface| interface.kind == InterfaceKind::Wifi)
    }

    /// Whether it has a link: for a bridge, whether its uplink has one.
    pub fn has_carrier(&self) -> bool {
        self.interface.up && self.uplink.is_none_or(|uplink| uplink.up)
    }

    /// Whether it leads out of this computer. A bridge without an uplink does not, unless the default
    /// route leads through it.
    pub fn leads_out(&self) -> bool {
        self.interface.kind != InterfaceKind::Bridge || self.uplink.is_some() || self.default_route
    }

    /// Whether a machine can be bridged to it.
    pub fn is_bridgeable(&self) -> bool {
        !matches!(self.bridging, Bridging::Impossible(_))
    }
}

/// The adapters and bridges of a computer: first those of the default route, then those to which a machine
/// can be bridged, each by name. Loopback, tunnels, ports and networks of container engines are none.
pub fn adapters(network: &HostNetwork, platform: Platform) -> Vec<Adapter<'_>> {
    let mut adapters: Vec<_> =
        network.interfaces.iter().filter_map(|each| adapter(each, network, platform)).collect();
    adapters.sort_by_key(|adapter| {
        (!adapter.default_route, !adapter.is_bridgeable(), &adapter.interface.name)
    });
    adapters
}

fn adapter<'a>(
    interface: &'a Interface,
    network: &'a HostNetwork,
    platform: Platform,
) -> Option<Adapter<'a>> {
    let is_candidate = match interface.kind {
        InterfaceKind::Wifi | InterfaceKind::Ethernet | InterfaceKind::Bridge => true,
        // Without a MAC it carries no Ethernet frames.
        InterfaceKind::Unknown => interface.mac.is_some() && !is_vmnet_port(interface),
        InterfaceKind::Tap
        | InterfaceKind::Loopback
        | InterfaceKind::Vpn
        | InterfaceKind::Container => false,
    };
    is_candidate.then(|| {
        let is_bridge = interface.kind == InterfaceKind::Bridge;
        Adapter {
            interface,
            uplink: is_bridge.then(|| uplink_in(network, &interface.name)).flatten(),
            default_route: has_default_route(network, &interface.name),
            bridging: match platform {
                Platform::Linux => on_linux(interface),
                Platform::MacOs => on_macos(interface),
                Platform::Unknown => Bridging::Impossible(Obstacle::UnknownSystem),
            },
        }
    })
}

/// macOS calls the ports of machines so.
fn is_vmnet_port(interface: &Interface) -> bool {
    interface.name.starts_with("vmenet")
}

fn on_linux(interface: &Interface) -> Bridging {
    match (interface.kind, &interface.bridge) {
        (InterfaceKind::Bridge, _) if interface.name == SHARED_BRIDGE => {
            Bridging::Impossible(Obstacle::SharedNetwork)
        }
        (InterfaceKind::Bridge, _) => Bridging::Tap,
        (_, Some(bridge)) => Bridging::Impossible(Obstacle::InBridge(bridge.clone())),
        (InterfaceKind::Ethernet, None) => Bridging::Macvtap,
        (InterfaceKind::Wifi, None) => Bridging::Impossible(Obstacle::WifiStation),
        _ => Bridging::Impossible(Obstacle::UnknownKind),
    }
}

/// A bridge that an adapter is in does not matter: vmnet makes one for each adapter in use.
fn on_macos(interface: &Interface) -> Bridging {
    match interface.kind {
        InterfaceKind::Ethernet => Bridging::Vmnet,
        InterfaceKind::Wifi => Bridging::VmnetWifi,
        InterfaceKind::Bridge => Bridging::Impossible(Obstacle::OfSystem),
        _ => Bridging::Impossible(Obstacle::UnknownKind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::network;

    #[test]
    fn says_of_each_adapter_how_a_machine_is_bridged_to_it() {
        let interfaces = "br0 bridge 192.168.1.20/24, eth0 ethernet br0, eth1 ethernet, \
             wlan0 wifi 10.0.0.5/24, wlan1 wifi br1, br1 bridge, virbr0 bridge 192.168.122.1/24, \
             vmkit0 bridge 192.168.105.1/24, tap0 tap br0, docker0 container, wg0 vpn, lo loopback, \
             odd0 unknown, vmenet0 unknown";
        let network = network(interfaces, "0.0.0.0/0 br0");
        let linux = [
            "br0 Tap default-route carrier leads-out",
            "br1 Tap wifi carrier leads-out",
            "eth1 Macvtap carrier leads-out",
            "virbr0 Tap carrier",
            "eth0 Impossible(InBridge(\"br0\")) carrier leads-out",
            "odd0 Impossible(UnknownKind) carrier leads-out",
            "vmkit0 Impossible(SharedNetwork) carrier",
            "wlan0 Impossible(WifiStation) wifi carrier leads-out",
            "wlan1 Impossible(InBridge(\"br1\")) wifi carrier leads-out",
        ];
        let macos = [
            "br0 Impossible(OfSystem) default-route carrier leads-out",
            "eth0 Vmnet carrier leads-out",
            "eth1 Vmnet carrier leads-out",
            "wlan0 VmnetWifi wifi carrier leads-out",
            "wlan1 VmnetWifi wifi carrier leads-out",
            "br1 Impossible(OfSystem) wifi carrier leads-out",
            "odd0 Impossible(UnknownKind) carrier leads-out",
            "virbr0 Impossible(OfSystem) carrier",
            "vmkit0 Impossible(OfSystem) carrier",
        ];
        for (platform, expected) in [(Platform::Linux, linux), (Platform::MacOs, macos)] {
            let found: Vec<String> = adapters(&network, platform).iter().map(text).collect();
            assert_eq!(found, expected, "{platform:?}");
        }
        let unknown = adapters(&network, Platform::Unknown);
        assert!(unknown.iter().all(|adapter| !adapter.is_bridgeable()), "{unknown:#?}");
    }

    #[test]
    fn a_bridge_has_a_carrier_if_its_uplink_has_one() {
        let network = network("br0 bridge, eth0 ethernet br0 down, eth1 ethernet down", "");
        let found: Vec<String> = adapters(&network, Platform::Linux).iter().map(text).collect();
        let expected = [
            "br0 Tap leads-out",
            "eth1 Macvtap leads-out",
            "eth0 Impossible(InBridge(\"br0\")) leads-out",
        ];
        assert_eq!(found, expected);
    }

    fn text(adapter: &Adapter<'_>) -> String {
        let flags = [
            ("default-route", adapter.default_route),
            ("wifi", adapter.is_wifi()),
            ("carrier", adapter.has_carrier()),
            ("leads-out", adapter.leads_out()),
        ];
        let flags = flags.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag.to_owned());
        let name = [adapter.interface.name.clone(), format!("{:?}", adapter.bridging)];
        name.into_iter().chain(flags).collect::<Vec<_>>().join(" ")
    }
}
