//! Which interfaces the broker touches.

use vmkit_platform::Platform as _;
use vmkit_rights::Refusal;
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix, Reading};

/// The interface of this name, if machines can be attached to it: a machine's port, a bridge, or an
/// adapter with Ethernet frames. Loopback and tunnels are none.
pub(crate) fn attachable(name: &str) -> Result<Interface, Refusal> {
    choose(network()?, name)
}

/// The addresses of interfaces to which machines can be attached, with their networks.
pub(crate) fn addresses() -> Result<Vec<Prefix>, Refusal> {
    let network = network()?;
    let interfaces = network.interfaces.iter();
    let attachable = interfaces.filter(|each| choose(network.clone(), &each.name).is_ok());
    Ok(attachable.flat_map(|interface| interface.addresses.clone()).collect())
}

fn network() -> Result<HostNetwork, Refusal> {
    match vmkit_platform::current().network() {
        Reading::Known(network) => Ok(network),
        Reading::Absent => Err(Refusal::failed("this computer has no network")),
        Reading::Unknown(why) => Err(Refusal::failed(format!("list the interfaces: {why}"))),
    }
}

fn choose(network: HostNetwork, name: &str) -> Result<Interface, Refusal> {
    let mut interfaces = network.interfaces.into_iter();
    let Some(interface) = interfaces.find(|interface| interface.name == name) else {
        return Err(Refusal::failed(format!("there is no interface {name:?}: No such device")));
    };
    match interface.kind {
        InterfaceKind::Loopback | InterfaceKind::Vpn => Err(Refusal::denied(format!(
            "{name} is loopback or a tunnel, to which no machine is attached"
        ))),
        _ if interface.mac.is_none() => {
            Err(Refusal::denied(format!("{name} carries no Ethernet frames")))
        }
        _ => Ok(interface),
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Mac;

    use super::*;

    #[test]
    fn machines_are_attached_to_ports_bridges_and_adapters_alone() {
        let mac = Some(Mac::new([2, 0, 0, 0, 0, 1]));
        let rows = [
            ("tap1", InterfaceKind::Tap, mac, true),
            ("br0", InterfaceKind::Bridge, mac, true),
            ("wlan0", InterfaceKind::Wifi, mac, true),
            ("eth0", InterfaceKind::Ethernet, mac, true),
            ("veth1", InterfaceKind::Container, mac, true),
            ("odd0", InterfaceKind::Unknown, mac, true),
            ("gtp0", InterfaceKind::Unknown, None, false),
            ("lo", InterfaceKind::Loopback, mac, false),
            ("wg0", InterfaceKind::Vpn, None, false),
            ("tun0", InterfaceKind::Vpn, mac, false),
        ];
        let interface = |(name, kind, mac, _): &(&str, InterfaceKind, Option<Mac>, bool)| {
            let name = (*name).to_owned();
            let (addresses, bridge) = (Vec::new(), None);
            Interface { name, mac: *mac, addresses, kind: *kind, up: true, bridge }
        };
        let interfaces = rows.iter().map(interface).collect();
        let network = HostNetwork { interfaces, routes: Vec::new() };
        for (name, _, _, expected) in rows {
            assert_eq!(choose(network.clone(), name).is_ok(), expected, "{name}");
        }
        for name in ["", "../tap1", "eth9"] {
            assert!(choose(network.clone(), name).is_err(), "{name:?}");
        }
    }
}
