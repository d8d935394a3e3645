//! Decides without weights whether a careful person could know the answer.
//!
//! Three strengths. *Decisive*: a source just saw the VM at the address. *Agreed*: two sources of
//! different origin name the address, or one does and somebody answers there. *Hinted*: one source names
//! it. An address at which somebody else was seen has none.

use std::{net::IpAddr, time::Duration};

use vmkit_model::Evidence;
use vmkit_types::{InterfaceKind, Mac, NetworkMode, Prefix};

use crate::{labelled::Labelled, sources::now};

/// Longest age of "just now".
const JUST_NOW: Duration = Duration::from_mins(1);
/// Younger guests may not have a network yet.
const SETTLED: Duration = Duration::from_secs(30);

/// Kinds that report another MAC at the address.
const OTHERS: [&str; 2] = ["neighbour-other-mac", "arp-duplicate"];

/// Whether the right answer can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Careful {
    /// The answer can be known.
    Known,
    /// Withholding the answer is right.
    NotKnown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Nothing,
    Hinted,
    Agreed,
    Decisive,
}

/// Judges a VM whose right answers are `accepts`.
pub(crate) fn careful(labelled: &Labelled, vm: usize, accepts: &[IpAddr]) -> Careful {
    let mut addresses: Vec<IpAddr> =
        labelled.about(vm).filter_map(|item| item.observation.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let usable = |address: &IpAddr| !excluded(labelled, vm, *address);
    let strengths: Vec<(IpAddr, Strength)> = addresses
        .into_iter()
        .filter(usable)
        .map(|address| (address, strength(labelled, vm, address)))
        .collect();
    let best = |right: bool| {
        let of_side = strengths.iter().filter(|(address, _)| accepts.contains(address) == right);
        of_side.map(|(_, strength)| *strength).max().unwrap_or(Strength::Nothing)
    };
    let known = if accepts.is_empty() {
        best(false) == Strength::Nothing
    } else {
        best(true) >= Strength::Agreed && best(true) > best(false)
    };
    let mine = labelled.cases[vm].cards.macs().next();
    let double = mine.is_some_and(|mac| {
        labelled
            .cases
            .iter()
            .filter(|case| case.running && case.cards.with_mac(mac).is_some())
            .count()
            > 1
    });
    let double = double || accepts.iter().any(|address| tied_to_another(labelled, vm, *address));
    if known && !double { Careful::Known } else { Careful::NotKnown }
}

/// Whether a source assigns the address to another VM, so that neither can be relied on.
fn tied_to_another(labelled: &Labelled, vm: usize, address: IpAddr) -> bool {
    labelled.evidence.iter().any(|item| {
        let observation = &item.observation;
        let other = labelled.cases.get(observation.vm).filter(|_| observation.vm != vm);
        let own = other
            .is_some_and(|case| observation.mac.is_some_and(|m| case.cards.with_mac(m).is_some()));
        own && observation.address == Some(address)
            && observation.kind.code() != "lease-expired"
            && other.and_then(|case| case.started_at).is_none_or(|start| item.seen_at() >= start)
    })
}

/// Addresses that cannot be a VM's: the host's, its router's, link-local ones, and those outside of the
/// host's networks if another one could be the VM's.
fn excluded(labelled: &Labelled, vm: usize, address: IpAddr) -> bool {
    let self_given = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.octets()[3] == 0 || v4.octets()[3] == 255,
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let Some(network) = &labelled.network else { return self_given };
    let own = network.interfaces.iter().flat_map(|each| &each.addresses);
    let infrastructure = own.clone().any(|prefix| prefix.address == address)
        || network.gateways().any(|gateway| gateway == address);
    let at = labelled.cases[vm].cards.first.interface();
    let its = network.interfaces.iter().find(|each| Some(each.name.as_str()) == at);
    let holds = |prefix: &Prefix| prefix.contains(address);
    let elsewhere = address.is_ipv4() && !its.is_none_or(|its| its.addresses.iter().any(holds));
    self_given || infrastructure || elsewhere
}

fn strength(labelled: &Labelled, vm: usize, address: IpAddr) -> Strength {
    let case = &labelled.cases[vm];
    let about: Vec<&Evidence> =
        labelled.about(vm).filter(|item| item.observation.address == Some(address)).collect();
    let of_boot = |item: &Evidence| case.started_at.is_none_or(|start| item.seen_at() >= start);
    let fresh = |item: &Evidence| {
        let age = now().duration_since(item.seen_at()).unwrap_or_default();
        // Without an age, an observation may be as old as the source keeps them.
        let has_age = item.observation.age.is_some() || item.observation.kind.code() == "arp-reply";
        has_age && age <= JUST_NOW
    };
    let has = |codes: &[&str]| {
        about.iter().any(|item| of_boot(item) && codes.contains(&item.observation.kind.code()))
    };
    let seen = about.iter().any(|item| {
        let code = item.observation.kind.code();
        let at_once = ["arp-reply", "agent-address", "ssh-host-key"].contains(&code);
        let by_frame = ["neighbour-reachable", "bridge-address"].contains(&code);
        at_once || (by_frame && fresh(item) && of_boot(item))
    });
    let other =
        has(&OTHERS) && !answers_for_many(labelled, &about) && !translated(labelled, vm, &about);
    let other = other || has(&["ssh-other-host-key"]);
    if other {
        // Both answer, so the address is in conflict.
        return if seen { Strength::Hinted } else { Strength::Nothing };
    }
    if seen {
        return Strength::Decisive;
    }
    // Different origins: the guest, its DHCP server with the names it registers, and frames.
    let origins = [
        has(&["neighbour-stale", "neighbour-cached", "neighbour-reachable", "bridge-address"]),
        has(&["lease-current", "lease-name", "dhcp-ack", "dns-address"]),
        has(&["console-address"]),
    ];
    let named = origins.iter().filter(|named| **named).count();
    let answers = has(&["ssh-ready", "ssh-refused", "ssh-no-banner", "icmp-reply"]);
    let old = has(&["lease-expired"]);
    let settled = case
        .started_at
        .is_none_or(|start| now().duration_since(start).is_ok_and(|up| up >= SETTLED));
    let silent = settled && (has(&["arp-silent", "neighbour-failed"]));
    match named {
        0 if old && !silent => Strength::Hinted,
        0 => Strength::Nothing,
        _ if silent => Strength::Nothing,
        1 if !answers => Strength::Hinted,
        _ => Strength::Agreed,
    }
}

/// Whether every other MAC at this address is that of the Wi-Fi card that the VM is bridged with, which
/// sends with its own MAC only.
fn translated(labelled: &Labelled, vm: usize, about: &[&Evidence]) -> bool {
    let interfaces = labelled.network.iter().flat_map(|network| &network.interfaces);
    let wifi: Vec<Mac> = interfaces
        .filter(|each| each.kind == InterfaceKind::Wifi)
        .filter_map(|each| each.mac)
        .collect();
    let others = about.iter().filter(|item| OTHERS.contains(&item.observation.kind.code()));
    let mut macs = others.filter_map(|item| item.observation.mac);
    labelled.cases[vm].cards.first.mode() == Some(NetworkMode::Bridged)
        && macs.all(|mac| wifi.contains(&mac))
}

/// Whether every other MAC at this address also has other addresses, so that it means nothing.
fn answers_for_many(labelled: &Labelled, about: &[&Evidence]) -> bool {
    let others = |item: &Evidence| OTHERS.contains(&item.observation.kind.code());
    about.iter().filter(|item| others(item)).all(|item| {
        let elsewhere = |other: &&Evidence| {
            others(other)
                && other.observation.mac == item.observation.mac
                && other.observation.address != item.observation.address
        };
        labelled.evidence.iter().any(|other| elsewhere(&other))
    })
}
