//! Interfaces, bridges and listeners of this computer.

use std::{collections::BTreeSet, time::Duration};

use vmkit_model::Platform;
use vmkit_survey::{Bridge, Port, PortState};
use vmkit_types::{HostNetwork, InterfaceKind, Reading, Unread, escaped};

use super::{membership, sheet::Sheet};
use crate::{Attachment, Facts, FindingCode};

/// A shorter delay is over before a DHCP client asks again.
const NOTICEABLE_DELAY: Duration = Duration::from_secs(2);
/// A port waits two delays, listening and learning; clients give up some time later.
const DELAYS_UNTIL_QUIET: u32 = 4;

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    match &facts.network {
        Reading::Known(network) => {
            uplink(network, attachment, sheet);
            membership::judge(network, facts, attachment, sheet);
            own_address(facts, attachment, sheet);
        }
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.all_unknown(
            &[
                FindingCode::UplinkDown,
                FindingCode::UplinkNotDefault,
                FindingCode::PortNotInBridge,
                FindingCode::BridgeHasNoUplink,
                FindingCode::BridgeHasNoAddress,
            ],
            why,
        ),
    }
    port(facts, attachment, sheet);
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

fn own_address(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::BridgeHasNoAddress;
    let Some(bridge) = attachment.bridge else { return };
    // macOS keeps the address on the uplink, which works as well.
    if attachment.bridged && facts.platform != Platform::Linux {
        return;
    }
    let name = escaped(&bridge.name);
    match bridge.addresses.iter().find(|prefix| prefix.address.is_ipv4()) {
        None => sheet.present(code, format!("{name} has no IPv4 address")),
        Some(prefix) => sheet.absent(code, format!("{name} has {prefix}")),
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
    peers(facts, bridge, port, sheet);
}

/// Whether the bridge keeps the machine from all other machines on it: it passes nothing between isolated
/// ports. What happens beyond the bridge, such as at an access point, does not show here.
fn peers(facts: &Facts<'_>, bridge: &Bridge, own: &Port, sheet: &mut Sheet) {
    let is_isolated = |port: &Port| port.isolated == Reading::Known(true);
    if !is_isolated(own) {
        return;
    }
    let of_machines: BTreeSet<&str> =
        facts.machines.iter().filter_map(|machine| machine.port.as_deref()).collect();
    let is_other = |port: &&Port| port.name != own.name && of_machines.contains(port.name.as_str());
    let others: Vec<&Port> = bridge.ports.iter().filter(is_other).collect();
    if !others.is_empty() && others.iter().all(|port| is_isolated(port)) {
        let (own, count) = (escaped(&own.name), others.len());
        let says = format!("{own} is isolated, and so are the ports of all {count} other VMs");
        sheet.present(FindingCode::PeersUnreachable, says);
    }
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
    } else if let Some(why) = ports.iter().find_map(|port| match &port.state {
        Reading::Unknown(why) => Some(why),
        Reading::Known(_) | Reading::Absent => None,
    }) {
        sheet.unknown(code, why);
    } else if ports.iter().all(|port| port.state == Reading::Known(PortState::Forwarding)) {
        let names: Vec<_> = ports.iter().map(|port| escaped(&port.name)).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        sheet.absent(code, format!("{} {verb} forwarding", names.join(" and ")));
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
    let name = escaped(&bridge.name);
    if !*tree || *delay < NOTICEABLE_DELAY {
        return sheet.absent(code, format!("{name} forwards at once"));
    }
    let Some(started) = facts.machine.started_at else {
        let why = format!("{name} holds back a new port, and it is not known when the VM started");
        return sheet.unknown(code, &Unread::Failed(why));
    };
    let age = facts.now.duration_since(started).unwrap_or_default();
    if age < *delay * DELAYS_UNTIL_QUIET {
        let says = format!("{name} holds back a new port for 2 × {} s", delay.as_secs());
        sheet.present(code, says);
    } else {
        sheet.absent(code, format!("the forward delay of {name} is over"));
    }
}
