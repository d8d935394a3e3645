//! Interfaces, bridges, routes and listeners of this computer.

use std::time::Duration;

use vmkit_survey::{Bridge, Port, PortState};
use vmkit_types::{HostNetwork, InterfaceKind, Prefix, Reading, Unread, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode, Platform};

/// A shorter delay is over before a DHCP client asks again.
const NOTICEABLE_DELAY: Duration = Duration::from_secs(2);
/// A port waits two delays, listening and learning; clients give up some time later.
const DELAYS_UNTIL_QUIET: u32 = 4;

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    match &facts.network {
        Reading::Known(network) => {
            uplink(network, attachment, sheet);
            membership(facts, attachment, sheet);
            own_address(facts, attachment, sheet);
            vpn(network, facts, attachment, sheet);
        }
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.all_unknown(
            &[
                FindingCode::UplinkDown,
                FindingCode::UplinkNotDefault,
                FindingCode::PortNotInBridge,
                FindingCode::BridgeHasNoAddress,
                FindingCode::VpnTakesSubnet,
            ],
            why,
        ),
    }
    port(facts, attachment, sheet);
    listeners(facts, attachment, sheet);
}

fn uplink(network: &HostNetwork, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let Some(uplink) = attachment.uplink else { return };
    let name = escaped(&uplink.name);
    let (down, up) = (format!("{name} is down"), format!("{name} is up"));
    sheet.judged(FindingCode::UplinkDown, !uplink.up, down, up);
    let mut defaults = network.routes.iter().filter(|route| route.destination.length == 0);
    let Some(first) = defaults.clone().next() else { return };
    let own =
        |interface: &str| interface == uplink.name || uplink.bridge.as_deref() == Some(interface);
    // A VPN that takes all traffic does not make the uplink wrong.
    let through_vpn = network
        .interfaces
        .iter()
        .any(|interface| interface.name == first.interface && interface.kind == InterfaceKind::Vpn);
    if defaults.any(|route| own(&route.interface)) {
        sheet.absent(FindingCode::UplinkNotDefault, format!("the default route leaves by {name}"));
    } else if !through_vpn {
        let through = escaped(&first.interface);
        sheet.present(
            FindingCode::UplinkNotDefault,
            format!("it is bridged to {name}, the default route leaves by {through}"),
        );
    }
}

fn membership(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::PortNotInBridge;
    if !attachment.bridged {
        return;
    }
    let Some(port) = attachment.port else {
        if let Some(name) = facts.machine.port.as_deref() {
            let why = Unread::Failed(format!("this computer has no interface {name}"));
            sheet.unknown(code, &why);
        }
        return;
    };
    let (name, uplink) = (escaped(&port.name), attachment.uplink);
    match (port.bridge.as_deref(), uplink.and_then(|uplink| uplink.bridge.as_deref())) {
        (None, _) => sheet.present(code, format!("{name} is in no bridge")),
        (Some(own), Some(other)) if own != other => sheet.present(
            code,
            format!("{name} is in {}, the uplink in {}", escaped(own), escaped(other)),
        ),
        (Some(own), Some(_)) => {
            sheet.absent(code, format!("{name} and the uplink are in {}", escaped(own)));
        }
        (Some(own), None) => {
            let says = format!("{name} is in {}, which has no uplink", escaped(own));
            // A member of an unknown kind may be the uplink.
            let unsure = facts.network.as_ref().known().is_some_and(|network| {
                network.interfaces.iter().any(|each| {
                    each.bridge.as_deref() == Some(own)
                        && each.name != port.name
                        && each.kind == InterfaceKind::Unknown
                })
            });
            if unsure {
                sheet.unknown(code, &Unread::Failed(says));
            } else {
                sheet.present(code, says);
            }
        }
    }
}

fn own_address(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::BridgeHasNoAddress;
    let Some(bridge) = attachment.bridge else { return };
    // macOS keeps the address on the uplink, which works as well.
    let networks = attachment.networks();
    if attachment.bridged && facts.platform != Platform::Linux {
        return;
    }
    let name = escaped(&bridge.name);
    match networks.first() {
        None => sheet.present(code, format!("{name} has no IPv4 address")),
        Some(prefix) => sheet.absent(code, format!("{name} has {prefix}")),
    }
}

fn vpn(network: &HostNetwork, facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::VpnTakesSubnet;
    let mut own: Vec<Prefix> = attachment.networks();
    if own.is_empty() {
        let picked = facts.pick.address.and_then(|address| network.on_link(address));
        let addresses = picked.into_iter().flat_map(|interface| interface.addresses.clone());
        own = addresses.filter(|prefix| prefix.address.is_ipv4()).collect();
    }
    let Some(subnet) = own.first() else { return };
    let is_vpn = |name: &str| {
        let mut interfaces = network.interfaces.iter();
        interfaces.any(|each| each.name == name && each.kind == InterfaceKind::Vpn)
    };
    let taking = network.routes.iter().find(|route| {
        let destination = route.destination;
        destination.length >= subnet.length
            && (subnet.contains(destination.address) || destination.contains(subnet.address))
            && is_vpn(&route.interface)
    });
    match taking {
        Some(route) => sheet.present(
            code,
            format!("the route to {} leaves by {}", route.destination, escaped(&route.interface)),
        ),
        None => sheet.absent(code, format!("no VPN has a route to {subnet}")),
    }
}

fn port(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let codes =
        [FindingCode::PortNotForwarding, FindingCode::PortStillLearning, FindingCode::PortIsolated];
    let bridges = match &facts.survey.bridges {
        Reading::Known(bridges) => bridges,
        Reading::Absent => return,
        Reading::Unknown(why) => return sheet.all_unknown(&codes, why),
    };
    let Some(name) = facts.machine.port.as_deref() else { return };
    let found = bridges
        .iter()
        .find_map(|bridge| Some((bridge, bridge.ports.iter().find(|port| port.name == name)?)));
    let Some((bridge, port)) = found else { return };
    // The uplink's port carries the machine's frames as well. If it is down, it is also disabled,
    // which is not a second fault.
    let uplink = attachment.uplink.filter(|uplink| uplink.up);
    let uplink = uplink.and_then(|up| bridge.ports.iter().find(|port| port.name == up.name));
    let ports: Vec<&Port> = [Some(port), uplink].into_iter().flatten().collect();
    forwarding(&ports, sheet);
    learning(facts, bridge, &ports, sheet);
    let name = escaped(&port.name);
    let (yes, no) = (format!("{name} is isolated"), format!("{name} is not isolated"));
    sheet.read(FindingCode::PortIsolated, &port.isolated, yes, no);
}

fn forwarding(ports: &[&Port], sheet: &mut Sheet) {
    let code = FindingCode::PortNotForwarding;
    let state = |wanted: &[PortState]| {
        let mut ports = ports.iter();
        ports.find(|port| matches!(&port.state, Reading::Known(s) if wanted.contains(s))).copied()
    };
    if let Some(port) = state(&[PortState::Blocking, PortState::Disabled]) {
        let word = match port.state {
            Reading::Known(PortState::Disabled) => "disabled",
            _ => "blocking",
        };
        sheet.present(code, format!("{} is {word}", escaped(&port.name)));
    } else if let Some(port) = state(&[PortState::Forwarding]) {
        sheet.absent(code, format!("{} is forwarding", escaped(&port.name)));
    }
}

fn learning(facts: &Facts<'_>, bridge: &Bridge, ports: &[&Port], sheet: &mut Sheet) {
    let code = FindingCode::PortStillLearning;
    let waiting = ports.iter().find(|port| {
        matches!(port.state, Reading::Known(PortState::Listening | PortState::Learning))
    });
    if let Some(port) = waiting {
        let says = format!("{} is held back by the forward delay", escaped(&port.name));
        return sheet.present(code, says);
    }
    let (Reading::Known(tree), Reading::Known(delay)) =
        (&bridge.spanning_tree, &bridge.forward_delay)
    else {
        return;
    };
    let fresh = facts.machine.started_at.is_some_and(|started| {
        let age = facts.now.duration_since(started).unwrap_or_default();
        age < *delay * DELAYS_UNTIL_QUIET
    });
    let name = escaped(&bridge.name);
    let delays = *tree && *delay >= NOTICEABLE_DELAY;
    if delays && fresh {
        let says = format!("{name} holds back a new port for 2 × {} s", delay.as_secs());
        sheet.present(code, says);
    } else if delays {
        sheet.absent(code, format!("the forward delay of {name} is over"));
    } else {
        sheet.absent(code, format!("{name} forwards at once"));
    }
}

fn listeners(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::DhcpServerNotListening;
    if !attachment.shared {
        return;
    }
    match &facts.survey.listeners {
        Reading::Known(listeners) => {
            let here = listeners.iter().find(|listener| {
                listener.interface.as_deref().is_none_or(|name| attachment.passes(name))
            });
            match here {
                Some(listener) => {
                    let program = listener.program.as_deref().unwrap_or("a program");
                    sheet.absent(code, format!("{} listens on UDP port 67", escaped(program)));
                }
                None => sheet.present(code, "no program listens on UDP port 67"),
            }
        }
        Reading::Absent => sheet.present(code, "no program listens on UDP port 67"),
        Reading::Unknown(why) => sheet.unknown(code, why),
    }
}
