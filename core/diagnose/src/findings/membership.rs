//! Whether the machine's port and the uplink are in one bridge.

use vmkit_attach::uplink_in;
use vmkit_model::Platform;
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Unread, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};

const PORT: FindingCode = FindingCode::PortNotInBridge;
const UPLINK: FindingCode = FindingCode::BridgeHasNoUplink;

pub(super) fn judge(
    network: &HostNetwork,
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    sheet: &mut Sheet,
) {
    if !attachment.bridged && !attachment.shared {
        return;
    }
    let Some(port) = attachment.port else {
        if let Some(name) = facts.machine.port.as_deref() {
            let why = Unread::Failed(format!("this computer has no interface {}", escaped(name)));
            sheet.unknown(PORT, &why);
        }
        return;
    };
    if attachment.shared {
        shared(facts, port, sheet);
    } else {
        bridged(network, facts, attachment, port, sheet);
    }
}

/// A network of this computer's own has no uplink. A port that has an address itself needs no bridge.
fn shared(facts: &Facts<'_>, port: &Interface, sheet: &mut Sheet) {
    let name = escaped(&port.name);
    match port.bridge.as_deref() {
        Some(bridge) => sheet.absent(PORT, format!("{name} is in {}", escaped(bridge))),
        None if port.addresses.iter().any(|own| own.address.is_ipv4()) => {
            sheet.absent(PORT, format!("{name} has an address of this computer itself"));
        }
        None if facts.platform == Platform::Linux => {
            sheet.present(PORT, format!("{name} is in no bridge"));
        }
        None => {}
    }
}

fn bridged(
    network: &HostNetwork,
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    port: &Interface,
    sheet: &mut Sheet,
) {
    let (name, uplink) = (escaped(&port.name), attachment.uplink);
    match (port.bridge.as_deref(), uplink.and_then(|uplink| uplink.bridge.as_deref())) {
        (None, None) => match attachment.macvtap_on(facts.machine) {
            Some(on) => sheet.absent(PORT, format!("{name} is on {} itself", escaped(&on.name))),
            None => sheet.present(PORT, format!("{name} is in no bridge")),
        },
        (None, Some(other)) => {
            sheet.absent(UPLINK, format!("{} has the uplink", escaped(other)));
            sheet.present(PORT, format!("{name} is in no bridge"));
        }
        (Some(own), Some(other)) if own != other => sheet.present(
            PORT,
            format!("{name} is in {}, the uplink in {}", escaped(own), escaped(other)),
        ),
        (Some(own), Some(_)) => {
            let own = escaped(own);
            sheet.absent(UPLINK, format!("{own} has the uplink"));
            sheet.absent(PORT, format!("{name} and the uplink are in {own}"));
        }
        (Some(own), None) => without_uplink(network, attachment, port, own, sheet),
    }
}

/// The bridge has lost its uplink, or the port is in the wrong bridge.
fn without_uplink(
    network: &HostNetwork,
    attachment: &Attachment<'_>,
    port: &Interface,
    own: &str,
    sheet: &mut Sheet,
) {
    let (name, bridge) = (escaped(&port.name), escaped(own));
    let says = format!("{name} is in {bridge}, which has no uplink");
    // A member of an unknown kind may be the uplink.
    let unsure = network.interfaces.iter().any(|each| {
        each.bridge.as_deref() == Some(own)
            && each.name != port.name
            && each.kind == InterfaceKind::Unknown
    });
    if unsure {
        return sheet.all_unknown(&[PORT, UPLINK], &Unread::Failed(says));
    }
    sheet.present(UPLINK, format!("{bridge} has no member that leads out"));
    let wifi = attachment.uplink.is_some_and(|uplink| uplink.kind == InterfaceKind::Wifi);
    let better = network.interfaces.iter().find(|each| {
        let is_bridge = each.kind == InterfaceKind::Bridge && each.name != own;
        is_bridge && uplink_in(network, &each.name).is_some()
    });
    match better {
        Some(better) => {
            sheet.present(PORT, format!("{says}, and {} has one", escaped(&better.name)));
        }
        // Linux puts no Wi-Fi interface into a bridge.
        None if wifi => sheet.present(PORT, says),
        None => sheet.absent(PORT, format!("{name} is in {bridge}, and no other bridge leads out")),
    }
}
