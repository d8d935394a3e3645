//! The parts of the network, made and removed.

use std::{fs, io, net::Ipv4Addr};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
    link::{BridgeStpState, InfoBridge, InfoData, InfoKind, LinkAttribute},
};
use vmkit_attach::{SHARED_BRIDGE, Subnet, overlapping};
use vmkit_platform::Platform as _;
use vmkit_rights::{Refusal, SharedNetwork};
use vmkit_types::{HostNetwork, Reading};

use super::{
    super::{
        link::Link,
        names::{alias, is_ours, refusal},
        netlink::Netlink,
    },
    chains, dnsmasq, firewall,
    state::State,
    tools::listing,
};

/// The bridge's MAC: one that the machines know again, and that no port's changes.
const MAC: [u8; 6] = [0x02, b'v', b'm', b'k', b'i', b't'];
/// The tables of the legacy packet filter.
const LEGACY_TABLES: &str = "/proc/net/ip_tables_names";
const FORWARDING: &str = "/proc/sys/net/ipv4/ip_forward";
/// The kernel sets it with the other, whatever it was before.
const REDIRECTS: &str = "/proc/sys/net/ipv4/conf/all/accept_redirects";
const IPV6: &str = "/proc/sys/net/ipv6/conf";

/// The networks of this computer.
pub(super) fn of_the_computer() -> Result<HostNetwork, Refusal> {
    match vmkit_platform::current().network() {
        Reading::Known(network) => Ok(network),
        Reading::Absent => Ok(HostNetwork::default()),
        Reading::Unknown(why) => Err(Refusal::failed(format!("list the networks: {why}"))),
    }
}

/// The subnet of a network that is kept.
pub(super) fn subnet(network: &SharedNetwork) -> Subnet {
    let SharedNetwork { gateway, prefix, moved_because, .. } = network.clone();
    Subnet { gateway, prefix, moved_because }
}

/// What of this computer's networks overlaps the network at present.
pub(super) fn overlap(network: &SharedNetwork) -> Option<String> {
    overlapping(&subnet(network), &of_the_computer().ok()?, SHARED_BRIDGE)
}

/// The network's bridge, if it exists.
///
/// # Errors
/// Another program has made an interface of its name.
pub(super) fn bridge(netlink: &mut Netlink) -> Result<Option<Link>, Refusal> {
    let failed = |error: io::Error| refusal(&format!("look up {SHARED_BRIDGE}"), &error);
    match netlink.link(SHARED_BRIDGE).map_err(failed)? {
        Some(link) if link.kind != Some(InfoKind::Bridge) || !is_ours(&link.alias) => {
            let why = format!("{SHARED_BRIDGE} exists, and vmkit has not made it");
            Err(Refusal::failed(why))
        }
        found => Ok(found),
    }
}

/// Makes the bridge, if it is not there, with the network's address.
pub(super) fn make_bridge(netlink: &mut Netlink, subnet: &Subnet) -> Result<Link, Refusal> {
    let failed = |error: io::Error| refusal(&format!("make the bridge {SHARED_BRIDGE}"), &error);
    let missing = || Refusal::failed(format!("{SHARED_BRIDGE} has vanished"));
    if bridge(netlink)?.is_none() {
        let quick = InfoData::Bridge(vec![
            InfoBridge::ForwardDelay(0),
            InfoBridge::StpState(BridgeStpState::Disabled),
        ]);
        let attributes = vec![
            LinkAttribute::IfName(SHARED_BRIDGE.to_owned()),
            LinkAttribute::Address(MAC.to_vec()),
        ];
        netlink.add_link(InfoKind::Bridge, quick, attributes).map_err(failed)?;
    }
    close_ipv6().map_err(failed)?;
    let link = netlink.link(SHARED_BRIDGE).map_err(failed)?.ok_or_else(missing)?;
    netlink.set_up(link.index, vec![LinkAttribute::IfAlias(alias())]).map_err(failed)?;
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = subnet.prefix;
    message.header.index = link.index;
    let [a, b, c, _] = subnet.gateway.octets();
    message.attributes = vec![
        AddressAttribute::Local(subnet.gateway.into()),
        AddressAttribute::Address(subnet.gateway.into()),
        AddressAttribute::Broadcast(Ipv4Addr::new(a, b, c, 255)),
    ];
    let message = RouteNetlinkMessage::NewAddress(message);
    netlink.change(message, NLM_F_CREATE | NLM_F_REPLACE).map_err(failed)?;
    Ok(link)
}

/// Has this computer speak no IPv6 on the bridge: it would take a machine for its router that says it is one.
fn close_ipv6() -> io::Result<()> {
    match fs::write(format!("{IPV6}/{SHARED_BRIDGE}/disable_ipv6"), "1") {
        // This computer has no IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        written => written,
    }
}

/// How many ports the bridge has.
pub(super) fn ports(netlink: &mut Netlink, bridge: &Link) -> io::Result<usize> {
    Ok(netlink.links()?.iter().filter(|link| link.bridge == Some(bridge.index)).count())
}

/// The names of the interfaces between which this computer forwards nothing; empty: it forwards.
pub(super) fn unforwarded(netlink: &mut Netlink) -> io::Result<Vec<String>> {
    if fs::read_to_string(FORWARDING)?.trim() != "0" {
        return Ok(Vec::new());
    }
    let links = netlink.links()?.into_iter().map(|link| link.name);
    Ok(links.filter(|name| name != SHARED_BRIDGE && can_be_quoted(name)).collect())
}

/// The adapters and tunnels that came since, between which and others it forwards nothing either. Bridges
/// and what belongs to containers came for who needs it.
pub(super) fn came_since(netlink: &mut Netlink, unforwarded: &[String]) -> io::Result<Vec<String>> {
    let outward = |link: &Link| {
        let kind = matches!(link.kind, None | Some(InfoKind::Tun | InfoKind::Wireguard));
        kind && link.bridge.is_none() && can_be_quoted(&link.name)
    };
    let links = netlink.links()?.into_iter().filter(outward).map(|link| link.name);
    Ok(links.filter(|name| !unforwarded.contains(name)).collect())
}

/// Whether nftables reads the name as it is between quotes.
fn can_be_quoted(name: &str) -> bool {
    !name.contains(['"', '\\', '*'])
}

/// Whether this computer takes routes from other routers than its own, by what they say.
pub(super) fn accepts_redirects() -> bool {
    fs::read_to_string(REDIRECTS).is_ok_and(|setting| setting.trim() != "0")
}

/// Lets this computer forward.
pub(super) fn forward() -> Result<(), Refusal> {
    fs::write(FORWARDING, "1").map_err(|error| refusal("let this computer forward", &error))
}

/// Takes back all that the state says, and the network's own rules. Returns what is still there, since taking
/// it back failed.
pub(super) fn take_back(netlink: &mut Netlink, state: &State) -> Option<State> {
    let mut left = State { openings: Vec::new(), unforwarded: Vec::new(), ..state.clone() };
    let openings = state.openings.iter().filter(|opening| opening.remove().is_err());
    left.openings.extend(openings.cloned());
    let mut is_left = firewall::remove().is_err() || !left.openings.is_empty();
    // A bridge that came since may forward as well, as Docker's does.
    let came = |link: &Link| {
        link.kind == Some(InfoKind::Bridge)
            && link.name != SHARED_BRIDGE
            && !state.unforwarded.contains(&link.name)
    };
    if !state.unforwarded.is_empty() {
        let redirects = if state.accepts_redirects { "1" } else { "0" };
        // Where it is unknown whether a bridge came, this computer goes on forwarding.
        let done = netlink.links().and_then(|links| {
            if links.iter().any(came) {
                return Ok(());
            }
            fs::write(FORWARDING, "0").and_then(|()| fs::write(REDIRECTS, redirects))
        });
        if done.is_err() {
            left.unforwarded.clone_from(&state.unforwarded);
            is_left = true;
        }
    }
    is_left.then_some(left)
}

/// Removes the bridge and the files, but for what the next keeper has to take back.
///
/// # Errors
/// What is left cannot be written down, or what was written down stays.
pub(super) fn remove(netlink: &mut Netlink, left: Option<&State>) -> io::Result<()> {
    if let Ok(Some(bridge)) = bridge(netlink) {
        netlink.remove_link(bridge.index).ok();
    }
    // They may be missing.
    dnsmasq::forget().ok();
    match left {
        Some(left) => left.write(),
        None => State::remove(),
    }
}

/// The rules of both packet filters.
fn rules() -> Result<String, Refusal> {
    let mut rules = listing("nft", &["list", "ruleset"])?;
    // Without a table the legacy filter is not loaded, and its tool would load it.
    if fs::read_to_string(LEGACY_TABLES).is_ok_and(|names| !names.is_empty()) {
        rules.push('\n');
        rules.push_str(&listing("iptables-legacy-save", &["-c"])?);
    }
    Ok(rules)
}

/// Opens the chains of others that drop packets of the network. What stays closed is a warning.
pub(super) fn open(state: &mut State) -> io::Result<()> {
    state.network.warnings.clear();
    let rules = match rules() {
        Ok(rules) => rules,
        Err(Refusal { message, .. }) => {
            let unread = "The firewall's rules were not read, and may drop packets of machines";
            state.network.warnings.push(format!("{unread}: {message}"));
            return Ok(());
        }
    };
    for opening in chains::needed(&rules) {
        if !state.openings.contains(&opening) {
            state.openings.push(opening.clone());
            state.write()?;
        }
        if let Err(why) = opening.make() {
            let warning =
                format!("{} may drop packets of machines: {}", opening.place(), why.message);
            state.network.warnings.push(warning);
        }
    }
    Ok(())
}
