//! How a machine is attached to the host's network: its port, its bridge and its uplink.

use vmkit_types::{HostNetwork, Interface, InterfaceKind, NetworkMode, Prefix, Reading};

use crate::{Facts, Machine, Process};

/// Prefix of the ports that vmnet makes on macOS. Nothing in a port names its machine.
const VMNET_PORT: &str = "vmenet";

/// The host's interfaces that a machine's frames pass, as far as they are known.
#[derive(Clone, Default)]
pub struct Attachment<'a> {
    /// The host's end of the machine's card, such as a tap.
    pub port: Option<&'a Interface>,
    /// The bridge that the port, or the uplink, is in.
    pub bridge: Option<&'a Interface>,
    /// The Wi-Fi or Ethernet interface that leads to the router. Only a bridged machine has one.
    pub uplink: Option<&'a Interface>,
    /// The machine is on the network of the uplink.
    pub bridged: bool,
    /// The host itself is the machine's DHCP server and router.
    pub shared: bool,
}

impl<'a> Attachment<'a> {
    pub(crate) fn of(facts: &Facts<'a>) -> Self {
        Self::of_machine(facts.machine, facts.network.as_ref().known().copied())
    }

    /// How a machine is attached to the host's network, as far as that is known.
    pub fn of_machine(machine: &Machine, network: Option<&'a HostNetwork>) -> Self {
        let mode = machine.mode;
        let bridged = mode == Some(NetworkMode::Bridged);
        let shared = mode == Some(NetworkMode::Shared);
        let mut attachment = Self { bridged, shared, ..Self::default() };
        let Some(network) = network else { return attachment };
        let find = |name: &str| network.interfaces.iter().find(|each| each.name == name);
        attachment.port = machine.port.as_deref().and_then(find);
        let named = machine.interface.as_deref().and_then(find);
        let bridge_of = |interface: &Interface| interface.bridge.as_deref().and_then(find);
        attachment.bridge = attachment
            .port
            .and_then(bridge_of)
            .or_else(|| named.filter(|named| named.kind == InterfaceKind::Bridge))
            .or_else(|| named.and_then(bridge_of))
            .or_else(|| shared.then(|| own_network(network)).flatten());
        let runs = machine.process == Reading::Known(Process::Running);
        if runs && machine.port.is_none() {
            attachment.port =
                attachment.bridge.and_then(|bridge| only_vmnet_port(network, &bridge.name));
        }
        if bridged {
            attachment.uplink = match named {
                Some(named) if is_uplink(named) => Some(named),
                Some(named) => uplink_in(network, &named.name),
                None => attachment.bridge.and_then(|bridge| uplink_in(network, &bridge.name)),
            };
        }
        attachment
    }

    /// The machine's mode. A bridge without an uplink and without the default route, on which this
    /// computer has an address, is a network that this computer serves: then the mode is shared.
    pub fn mode(machine: &Machine, network: Option<&'a HostNetwork>) -> Option<NetworkMode> {
        let attachment = Self::of_machine(machine, network);
        let (Some(network), Some(bridge)) = (network, attachment.bridge) else {
            return machine.mode;
        };
        let mut members =
            network.interfaces.iter().filter(|each| each.bridge.as_ref() == Some(&bridge.name));
        let leads_out = members.any(|each| {
            is_uplink(each)
                || each.kind == InterfaceKind::Unknown && machine.port.as_ref() != Some(&each.name)
        });
        let serves = bridge.addresses.iter().any(|prefix| prefix.address.is_ipv4());
        let mut routes = network.routes.iter();
        let default =
            routes.any(|each| each.destination.length == 0 && each.interface == bridge.name);
        if attachment.bridged && machine.port.is_some() && serves && !leads_out && !default {
            Some(NetworkMode::Shared)
        } else {
            machine.mode
        }
    }

    /// The networks that the machine should get its address from: those of its uplink and bridge.
    pub(crate) fn networks(&self) -> Vec<Prefix> {
        let interfaces = self.uplink.into_iter().chain(self.bridge);
        let addresses = interfaces.flat_map(|interface| interface.addresses.iter().copied());
        addresses.filter(|prefix| prefix.address.is_ipv4()).collect()
    }

    /// Whether the machine's frames pass this interface.
    pub(crate) fn passes(&self, interface: &str) -> bool {
        [self.port, self.bridge, self.uplink].into_iter().flatten().any(|own| {
            own.name == interface
                || interface.strip_suffix('*').is_some_and(|start| own.name.starts_with(start))
        })
    }
}

fn is_uplink(interface: &Interface) -> bool {
    matches!(interface.kind, InterfaceKind::Wifi | InterfaceKind::Ethernet)
}

/// The vmnet bridge that has an address of this computer and no uplink, if there is exactly one.
fn own_network(network: &HostNetwork) -> Option<&Interface> {
    let mut bridges = network.interfaces.iter().filter(|each| {
        each.kind == InterfaceKind::Bridge
            && each.addresses.iter().any(|prefix| prefix.address.is_ipv4())
            && vmnet_ports(network, &each.name).next().is_some()
            && uplink_in(network, &each.name).is_none()
    });
    bridges.next().filter(|_| bridges.next().is_none())
}

/// The port in a vmnet bridge, if there is exactly one.
fn only_vmnet_port<'a>(network: &'a HostNetwork, bridge: &str) -> Option<&'a Interface> {
    let mut ports = vmnet_ports(network, bridge);
    ports.next().filter(|_| ports.next().is_none())
}

fn vmnet_ports<'a>(network: &'a HostNetwork, bridge: &str) -> impl Iterator<Item = &'a Interface> {
    let members =
        network.interfaces.iter().filter(move |each| each.bridge.as_deref() == Some(bridge));
    members.filter(|each| each.name.starts_with(VMNET_PORT))
}

/// The uplink in a bridge. If there are several, one that is up.
fn uplink_in<'a>(network: &'a HostNetwork, bridge: &str) -> Option<&'a Interface> {
    let members = network.interfaces.iter().filter(|each| each.bridge.as_deref() == Some(bridge));
    members.filter(|each| is_uplink(each)).max_by_key(|each| each.up)
}
