//! Whether this computer's packets take the machine's own link.

use vmkit_model::Platform;
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix, Reading, Unread, escaped};

use super::sheet::Sheet;
use crate::{
    Attachment, Facts, FindingCode,
    way::{self, Leaves, Way},
};

const VPN: FindingCode = FindingCode::VpnTakesSubnet;
const COLLIDE: FindingCode = FindingCode::SubnetsCollide;
const ELSEWHERE: FindingCode = FindingCode::RouteLeavesElsewhere;

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let network = match &facts.network {
        Reading::Known(network) => *network,
        Reading::Absent => return,
        Reading::Unknown(why) => return sheet.all_unknown(&[VPN, ELSEWHERE, COLLIDE], why),
    };
    if let Some(way) = Way::of(facts, attachment) {
        if let Reading::Unknown(why) = &way.route {
            sheet.unknown(ELSEWHERE, why);
        }
        kernel(network, &way, attachment, sheet);
    }
    main_table(network, facts, attachment, sheet);
    collision(network, attachment, sheet);
}

/// Whether another network of this computer has the addresses of the one that it serves. A computer that is
/// twice on one LAN, by cable and by Wi-Fi, is no such case.
fn collision(network: &HostNetwork, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let Some(bridge) = attachment.bridge.filter(|_| attachment.shared) else { return };
    let of_v4 = |interface: &Interface| {
        let own = interface.addresses.clone().into_iter();
        own.filter(|prefix| prefix.address.is_ipv4() && prefix.length < 31).collect::<Vec<_>>()
    };
    let own = of_v4(bridge);
    let Some(first) = own.first() else { return };
    let others = network.interfaces.iter().filter(|other| {
        let apart = other.name != bridge.name && other.bridge.as_deref() != Some(&*bridge.name);
        apart && other.up && other.kind != InterfaceKind::Loopback
    });
    let overlaps =
        |one: &Prefix, other: &Prefix| one.contains(other.address) || other.contains(one.address);
    let mut colliding = others.filter_map(|other| {
        let theirs = of_v4(other).into_iter().find(|it| own.iter().any(|own| overlaps(own, it)))?;
        Some(format!("{} has {theirs}", escaped(&other.name)))
    });
    let name = escaped(&bridge.name);
    match colliding.next() {
        Some(other) => sheet.present(COLLIDE, format!("{name} has {first}, and {other}")),
        None => sheet.absent(COLLIDE, format!("{name} has {first} alone")),
    }
}

/// What the kernel answered for this very address.
fn kernel(network: &HostNetwork, way: &Way<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let Some(leaves) = way.leaves(network, attachment) else { return };
    let (address, link) = (way.address, escaped(&way.link.0.name));
    let table = way.table().map_or_else(String::new, |table| {
        format!(", by routing table {} and not the main one", escaped(table))
    });
    let by = |name: &str| format!("packets to {address} leave by {}{table}", escaped(name));
    match leaves {
        Leaves::ByLink => {
            sheet.absent(VPN, by(&way.link.0.name));
            sheet.absent(ELSEWHERE, by(&way.link.0.name));
        }
        Leaves::IntoVpn(name) => sheet.present(VPN, by(name)),
        Leaves::By(name) => {
            sheet.absent(VPN, by(name));
            let own = way.link.1;
            sheet.present(ELSEWHERE, format!("{}, but {link} has {own}", by(name)));
        }
        Leaves::ToRouter(router) => {
            sheet.absent(VPN, by(&way.link.0.name));
            let own = way.link.1;
            let says = format!("packets to {address} go to the router {router}{table}");
            sheet.present(ELSEWHERE, format!("{says}, but {link} has {own}"));
        }
        Leaves::Nowhere => {
            let says = format!("this computer has no route to {address}");
            sheet.absent(VPN, says.clone());
            sheet.present(ELSEWHERE, says);
        }
    }
}

/// What the main routing table says of the machine's network.
fn main_table(
    network: &HostNetwork,
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    sheet: &mut Sheet,
) {
    let mut own: Vec<Prefix> = attachment.networks();
    if own.is_empty() {
        let picked = facts.pick.address.and_then(|address| network.on_link(address));
        let addresses = picked.into_iter().flat_map(|interface| interface.addresses.clone());
        own = addresses.filter(|prefix| prefix.address.is_ipv4()).collect();
    }
    let Some(subnet) = own.first() else { return };
    let mut vpns = network.interfaces.iter().filter(|each| each.kind == InterfaceKind::Vpn);
    let taking = network.routes.iter().find(|route| {
        let destination = route.destination;
        destination.length >= subnet.length
            && (subnet.contains(destination.address) || destination.contains(subnet.address))
            && vpns.clone().any(|vpn| vpn.name == route.interface)
    });
    if let Some(route) = taking {
        let (to, interface) = (route.destination, escaped(&route.interface));
        sheet.present(VPN, format!("the route to {to} leaves by {interface}"));
    } else if let Some(vpn) = vpns.find(|vpn| vpn.up && facts.platform == Platform::Linux) {
        // Some VPNs keep their routes in a table of their own, which only the kernel's answer shows.
        let name = escaped(&vpn.name);
        let why = format!("{name} may have routes in another table than the main one");
        sheet.unknown(VPN, &Unread::Failed(why));
    } else {
        sheet.absent(VPN, format!("no VPN has a route to {}", way::subnet(*subnet)));
    }
}
