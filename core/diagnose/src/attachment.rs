//! How a machine is attached to the host's network: its port, its bridge and its uplink.

use vmkit_attach::{is_adapter, is_own_network, uplink_in};
use vmkit_survey::Survey;
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
    /// The bridge keeps VLANs apart, and the machine may be in another one than this computer.
    pub(crate) vlans: bool,
}

impl<'a> Attachment<'a> {
    pub(crate) fn of(facts: &Facts<'a>) -> Self {
        let attachment = Self::of_machine(facts.machine, facts.network.as_ref().known().copied());
        Self { vlans: attachment.may_be_in_a_vlan(facts.survey), ..attachment }
    }

    /// Whether the machine's bridge keeps VLANs apart, so that two of its ports may be on separate links.
    pub fn may_be_in_a_vlan(&self, survey: &Survey) -> bool {
        let Reading::Known(bridges) = &survey.bridges else { return false };
        self.bridge.is_some_and(|own| {
            let mut same = bridges.iter().filter(|bridge| bridge.name == own.name);
            same.any(|bridge| bridge.vlan_filtering == Reading::Known(true))
        })
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
                Some(named) if is_adapter(named) => Some(named),
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
        let port = machine.port.as_deref();
        if attachment.bridged && port.is_some() && is_own_network(network, bridge, port) {
            Some(NetworkMode::Shared)
        } else {
            machine.mode
        }
    }

    /// The link that the machine's frames reach by themselves: its bridge, or else its uplink.
    pub fn link(&self) -> Option<&'a str> {
        self.bridge.or(self.uplink).map(|interface| interface.name.as_str())
    }

    /// The networks that the machine should get its address from: those of its uplink and bridge.
    pub(crate) fn networks(&self) -> Vec<Prefix> {
        let interfaces = self.uplink.into_iter().chain(self.bridge);
        let addresses = interfaces.flat_map(|interface| interface.addresses.iter().copied());
        addresses.filter(|prefix| prefix.address.is_ipv4()).collect()
    }

    /// The networks that the machine must be in. None where it may be in a VLAN of its own.
    pub(crate) fn own_networks(&self) -> Vec<Prefix> {
        if self.vlans { Vec::new() } else { self.networks() }
    }

    /// The VLAN in which the machine is and this computer has no address, by the name of its interface.
    pub(crate) fn foreign_vlan(&self) -> Option<&'a str> {
        let named = self.uplink.filter(|uplink| is_vlan(&uplink.name));
        let of_uplink = named.filter(|_| self.networks().is_empty());
        of_uplink.or(self.bridge.filter(|_| self.vlans)).map(|interface| interface.name.as_str())
    }

    /// The adapter on which the machine's port is a macvtap, which passes nothing between the machine and
    /// this computer.
    pub(crate) fn macvtap_on(&self, machine: &Machine) -> Option<&'a Interface> {
        let port =
            self.port.filter(|port| port.kind == InterfaceKind::Tap && port.bridge.is_none());
        let uplink = self.uplink.filter(|uplink| machine.interface.as_ref() == Some(&uplink.name));
        port.and(uplink.filter(|uplink| uplink.bridge.is_none()))
    }

    /// Whether the machine's frames pass this interface.
    pub(crate) fn passes(&self, interface: &str) -> bool {
        [self.port, self.bridge, self.uplink].into_iter().flatten().any(|own| {
            own.name == interface
                || interface.strip_suffix('*').is_some_and(|start| own.name.starts_with(start))
        })
    }
}

/// Whether the interface is a VLAN of another one, by the names that Linux and macOS give: `eth0.20`,
/// `vlan20`.
fn is_vlan(name: &str) -> bool {
    let number = name.rsplit_once('.').map(|(_, number)| number).or(name.strip_prefix("vlan"));
    number.is_some_and(|number| number.parse::<u16>().is_ok_and(|id| (1..4095).contains(&id)))
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

#[cfg(test)]
mod tests {
    use super::is_vlan;

    #[test]
    fn a_vlan_is_named_after_its_number() {
        for name in ["eth0.20", "bond0.1", "vlan20", "br0.4094"] {
            assert!(is_vlan(name), "{name}");
        }
        for name in ["eth0", "eth0.", "eth0.x", "eth0.4095", "vlan", "vlans", "a.0"] {
            assert!(!is_vlan(name), "{name}");
        }
    }
}
