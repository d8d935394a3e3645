//! The network cards of a domain.

use std::net::IpAddr;

use vmkit_formats::xml::Element;
use vmkit_plugin::{Forward, Mac, NetworkMode, Protocol, SubjectCard};

use crate::networks::Networks;

/// Most ports of a domain that are listed, as a range may have all of them.
const MOST_FORWARDS: usize = 64;

/// The card of an `<interface>`. A domain that runs says under `<actual>` what its network made of it.
pub(crate) fn card(interface: &Element, networks: &Networks) -> SubjectCard {
    let mac = interface.child("mac").and_then(|mac| mac.attribute("address"));
    let mac = mac.and_then(|mac| mac.parse().ok()).filter(|mac: &Mac| mac.is_of_one_card());
    let name = |element: Option<&Element>, key| {
        element.and_then(|element| element.attribute(key)).map(str::to_owned)
    };
    let port = name(interface.child("target"), "dev");
    let actual = interface.child("actual");
    let source = actual.and_then(|actual| actual.child("source"));
    let source = source.or_else(|| interface.child("source"));
    let kind = actual.and_then(|actual| actual.attribute("type"));
    let kind = kind.or_else(|| interface.attribute("type")).unwrap_or_default();
    let of_network = network_name(interface).and_then(|name| networks.get(name));
    let (mode, interface) = match kind {
        "network" => {
            let bridge = name(source, "bridge");
            let from_network = of_network.and_then(|network| network.interface.clone());
            // An unknown network has libvirt's usual mode if libvirt made its bridge.
            let mode =
                of_network.map_or(bridge.as_ref().map(|_| NetworkMode::Shared), |it| it.mode);
            (mode, bridge.or(from_network))
        }
        "bridge" => {
            let bridge = name(source, "bridge");
            let shared = bridge.as_ref().and_then(|bridge| networks.with_bridge(bridge));
            let mode = if shared.is_some() { NetworkMode::Shared } else { NetworkMode::Bridged };
            (Some(mode), bridge)
        }
        "direct" => (Some(NetworkMode::Bridged), name(source, "dev")),
        "user" => (Some(NetworkMode::User), None),
        // Sockets, cards of the computer itself, and ports that a script connects.
        _ => (None, None),
    };
    SubjectCard { mac, mode, interface, port }
}

/// The network that a card is on, where it is on one of libvirt's.
pub(crate) fn network_name(interface: &Element) -> Option<&str> {
    if interface.attribute("type") != Some("network") {
        return None;
    }
    interface.child("source")?.attribute("network")
}

/// Whether somebody has unplugged the card's cable.
pub(crate) fn is_unplugged(interface: &Element) -> bool {
    interface.child("link").and_then(|link| link.attribute("state")) == Some("down")
}

/// The ports that a user network forwards (<https://libvirt.org/formatdomain.html>, `portForward`). A range
/// stands for all of its ports.
pub(crate) fn forwards(interface: &Element) -> Vec<Forward> {
    let mut forwards = Vec::new();
    for rule in interface.children("portForward") {
        let protocol = match rule.attribute("proto") {
            Some("tcp") => Protocol::Tcp,
            Some("udp") => Protocol::Udp,
            _ => continue,
        };
        let address = rule.attribute("address").unwrap_or("0.0.0.0");
        let Ok(address) = address.parse::<IpAddr>() else { continue };
        let ranges =
            rule.children("range").filter(|range| range.attribute("exclude") != Some("yes"));
        for range in ranges {
            let number = |key| range.attribute(key).and_then(|port| port.parse::<u16>().ok());
            let Some(start) = number("start").filter(|start| *start > 0) else { continue };
            let to = number("to").unwrap_or(start);
            let last = number("end").unwrap_or(start);
            let pairs = (start..=last).zip(to..=u16::MAX);
            let room = MOST_FORWARDS - forwards.len();
            forwards.extend(pairs.take(room).map(|(listens, guest_port)| Forward {
                protocol,
                listens: (address, listens).into(),
                guest_address: None,
                guest_port,
            }));
        }
    }
    forwards
}
