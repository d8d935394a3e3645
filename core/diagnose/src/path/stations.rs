//! The stations of a path, with this computer's own names.

use vmkit_attach::uplink_in;
use vmkit_types::{HostNetwork, Interface, InterfaceKind, NetworkMode, Route};

use super::model::Station;
use crate::{Attachment, Facts, StationKind};

/// The stations that are known, from the guest outwards.
pub(super) fn stations(facts: &Facts<'_>) -> Vec<Station> {
    let machine = facts.machine;
    let network = facts.network.as_ref().known().copied();
    let mac = machine.macs.first().map(ToString::to_string);
    let mut stations = vec![station(StationKind::Guest, Some(&machine.name), mac)];
    // QEMU itself ends the frames of its user network.
    let has_port = machine.mode != Some(NetworkMode::User);
    let attachment = Attachment::of(facts);
    let port = machine.port.as_deref().or(attachment.port.map(|port| port.name.as_str()));
    if let Some(port) = port.filter(|_| has_port) {
        stations.push(station(StationKind::Port, Some(port), None));
    }
    let bridge = attachment.bridge.or_else(|| missing_bridge(facts, &attachment, network));
    let bridge = bridge.filter(|_| has_port);
    if let Some(bridge) = bridge {
        stations.push(station(StationKind::Bridge, Some(&bridge.name), addresses(bridge)));
    }
    let nat = match machine.mode {
        Some(NetworkMode::Shared) => Some("NAT"),
        Some(NetworkMode::User) => Some("QEMU's user network"),
        _ => None,
    };
    if let Some(nat) = nat {
        stations.push(station(StationKind::Host, None, Some(nat.to_owned())));
    }
    let Some(network) = network else { return stations };
    let route = network.routes.iter().find(|it| it.destination.length == 0 && it.gateway.is_some());
    let uplink = if nat.is_some() {
        route.and_then(|route| outward(network, route))
    } else {
        attachment.uplink.or_else(|| uplink_in(network, &bridge?.name))
    };
    if let Some(uplink) = uplink {
        let is_wifi = uplink.kind == InterfaceKind::Wifi;
        let detail = is_wifi.then(|| "Wi-Fi".to_owned());
        stations.push(station(StationKind::Uplink, Some(&uplink.name), detail));
        if is_wifi {
            stations.push(station(StationKind::AccessPoint, None, None));
        }
    }
    let leads_out = uplink.is_some() || attachment.bridged || nat.is_some();
    stations.extend(router(facts, route).filter(|_| leads_out));
    stations
}

fn station(kind: StationKind, name: Option<&str>, detail: Option<String>) -> Station {
    Station { kind, name: name.map(str::to_owned), detail }
}

fn addresses(interface: &Interface) -> Option<String> {
    let first = interface.addresses.iter().find(|prefix| prefix.address.is_ipv4())?;
    Some(first.address.to_string())
}

/// The bridge that a port in no bridge belongs to: that of the default route.
fn missing_bridge<'a>(
    facts: &Facts<'a>,
    attachment: &Attachment<'a>,
    network: Option<&'a HostNetwork>,
) -> Option<&'a Interface> {
    let is_tap = attachment.port.is_some_and(|port| port.kind == InterfaceKind::Tap);
    if !is_tap || !attachment.bridged || facts.machine.interface.is_some() {
        return None;
    }
    let network = network?;
    let mut defaults = network.routes.iter().filter(|route| route.destination.length == 0);
    let of_route = |route: &Route| {
        network.interfaces.iter().find(|interface| interface.name == route.interface)
    };
    defaults.find_map(|it| of_route(it).filter(|each| each.kind == InterfaceKind::Bridge))
}

/// The adapter by which a route leaves this computer.
fn outward<'a>(network: &'a HostNetwork, route: &Route) -> Option<&'a Interface> {
    let of_route = network.interfaces.iter().find(|each| each.name == route.interface)?;
    match of_route.kind {
        InterfaceKind::Bridge => uplink_in(network, &of_route.name),
        _ => Some(of_route),
    }
}

fn router(facts: &Facts<'_>, route: Option<&Route>) -> Option<Station> {
    let recognised = facts.router.as_ref().known();
    let name = recognised.and_then(|router| router.known()).map(|known| known.name);
    let address = route.and_then(|route| route.gateway);
    let address = address.or_else(|| recognised?.address).map(|address| address.to_string());
    match (name, address) {
        (None, None) => None,
        (None, Some(address)) => Some(station(StationKind::Router, Some(&address), None)),
        (Some(name), address) => Some(station(StationKind::Router, Some(&name), address)),
    }
}
