//! The host's neighbour table.
//!
//! Linux: an entry is REACHABLE for 15 to 45 s after a confirmation (`base_reachable_time` is 30 s
//! with a random factor of 0.5 to 1.5), then STALE, and is not collected while the table is small.
//! It tells the age. macOS keeps an entry for 20 minutes and tells neither state nor age. A hash
//! table gives its entries in no order that means anything.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use vmkit_types::{Kind, Mac, NetworkMode, Observation, attribute};

use super::collector::Collector;
use crate::{
    random::Random,
    world::{Origin, Port, Responder, World},
};

/// Mean time, in seconds, between exchanges of the host with a machine.
const BETWEEN_EXCHANGES: f64 = 600.0;
/// Mean time, in seconds, that Linux keeps an entry that nobody uses.
const LINUX_KEEPS: f64 = 10_800.0;
/// Seconds that macOS keeps an entry.
const MACOS_KEEPS: u64 = 1200;
/// Seconds until a probe of a silent neighbour gives up: DELAY, then three probes of 1 s.
const GIVES_UP_AFTER: u64 = 8;

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) address: IpAddr,
    /// `None`: asked for in vain.
    pub(super) mac: Option<Mac>,
    age: u64,
    reachable: bool,
    mode: NetworkMode,
}

/// The table as the host has it at the moment of the look.
pub(super) fn table(world: &World, random: &mut Random) -> Vec<Entry> {
    let mut table: Vec<Entry> = Vec::new();
    for machine in &world.machines {
        for stay in machine.stays.iter().filter(|stay| world.site.on_link(stay.address.into())) {
            if world.forget_neighbours || stay.origin == Origin::LinkLocal || !random.chance(0.8) {
                continue;
            }
            // The table has the winner of a conflict, since it decides where frames go.
            if machine.shadowed {
                continue;
            }
            let since = random.waiting(BETWEEN_EXCHANGES).min(stay.from.saturating_sub(stay.until));
            let mac = world.translator.unwrap_or(machine.mac);
            enter(&mut table, stay.address.into(), Some(mac), stay.until + since, stay.mode);
        }
        for address in machine.v6.iter().filter(|_| machine.alive) {
            if !random.chance(0.6) {
                continue;
            }
            let age = random.waiting(BETWEEN_EXCHANGES).min(machine.boot_age);
            enter(&mut table, (*address).into(), Some(machine.mac), age, machine.mode);
        }
    }
    for stranger in &world.strangers {
        let known = table.iter().any(|entry| entry.address == stranger.address);
        // An announcement changes an entry that is there; only talking to the host makes one.
        // In a conflict the table decides where frames go: to a machine that was not shadowed.
        let conflict = world.machines.iter().any(|machine| {
            !machine.shadowed && machine.answers_at(stranger.address.into()).is_some()
        });
        if !conflict && ((known && stranger.announced) || random.chance(0.3)) {
            let (age, mode) = (random.waiting(BETWEEN_EXCHANGES), NetworkMode::Bridged);
            replace(&mut table, stranger.address.into(), Some(stranger.mac), age, mode);
        }
    }
    if world.site.asked_before {
        ask_again(world, &mut table, random);
    }
    for entry in &mut table {
        entry.reachable = entry.age <= random.within(15..=45);
    }
    table.retain(|entry| {
        if world.site.macos {
            entry.age < MACOS_KEEPS && entry.mac.is_some()
        } else {
            random.waiting(LINUX_KEEPS) > entry.age
        }
    });
    random.shuffle(&mut table);
    table
}

/// What an earlier run has left: the kernel has asked for every address that was known.
fn ask_again(world: &World, table: &mut Vec<Entry>, random: &mut Random) {
    let ago = random.within(1..=60);
    let mut asked: Vec<(Ipv4Addr, NetworkMode)> = world
        .machines
        .iter()
        .flat_map(|machine| machine.stays.iter())
        .filter(|stay| stay.origin != Origin::LinkLocal && world.site.on_link(stay.address.into()))
        .map(|stay| (stay.address, stay.mode))
        .collect();
    asked.dedup();
    for (address, mode) in asked {
        if !random.chance(0.85) {
            continue;
        }
        let responders = world.responders(address.into());
        let known = table.iter().find(|entry| entry.address == IpAddr::from(address)).copied();
        let holds = |mac| responders.iter().any(|responder| Some(responder.mac) == mac);
        match known {
            // The packet goes to the MAC that the table has, if it still answers.
            Some(entry) if holds(entry.mac) => replace(table, entry.address, entry.mac, ago, mode),
            // A former holder is asked until the kernel gives up.
            Some(_) if ago < GIVES_UP_AFTER => {}
            _ if responders.is_empty() => replace(table, address.into(), None, ago, mode),
            _ => {
                let mac = responders[0].mac;
                replace(table, address.into(), Some(mac), ago, mode);
            }
        }
    }
}

/// The younger of two entries for one address stays.
fn enter(table: &mut Vec<Entry>, address: IpAddr, mac: Option<Mac>, age: u64, mode: NetworkMode) {
    match table.iter().find(|entry| entry.address == address) {
        Some(known) if known.age <= age => {}
        _ => replace(table, address, mac, age, mode),
    }
}

fn replace(table: &mut Vec<Entry>, address: IpAddr, mac: Option<Mac>, age: u64, mode: NetworkMode) {
    table.retain(|entry| entry.address != address);
    table.push(Entry { address, mac, age, reachable: false, mode });
}

/// Entries on the machines' own MACs.
pub(super) fn discover(world: &World, table: &[Entry], collector: &mut Collector) {
    for entry in table.iter().filter(|_| !world.site.hides_neighbours) {
        for (vm, machine) in world.machines.iter().enumerate() {
            if machine.mac_known && entry.mac == Some(machine.mac) {
                collector.discovered("arp", held(world, vm, entry, machine.mac));
            }
        }
    }
}

/// What the same table has for the candidates besides.
pub(super) fn confirm(
    world: &World,
    vm: usize,
    table: &[Entry],
    candidates: &[IpAddr],
    collector: &mut Collector,
) {
    let machine = &world.machines[vm];
    for entry in table.iter().filter(|_| !world.site.hides_neighbours) {
        if !candidates.contains(&entry.address) {
            continue;
        }
        match entry.mac {
            None => {
                let fact = Observation::new(vm, Kind::NeighbourFailed, "FAILED");
                collector.discovered("arp", placed(world, fact, entry));
            }
            Some(mac) if mac != machine.mac && machine.mac_known => {
                let fact = Observation::new(vm, Kind::NeighbourOtherMac, "another MAC").on_mac(mac);
                collector.discovered("arp", placed(world, fact, entry));
            }
            Some(_) => {}
        }
    }
}

/// What the table has for the candidates after the probes.
pub(super) fn read_again(
    world: &World,
    vm: usize,
    table: &[Entry],
    candidates: &[IpAddr],
    collector: &mut Collector,
) {
    let machine = &world.machines[vm];
    let shown = machine.mac_known && !world.site.hides_neighbours;
    for address in candidates.iter().filter(|_| shown) {
        let Some(entry) = after_probes(world, *address, table) else { continue };
        let Some(mac) = entry.mac else { continue };
        let fact = if mac == machine.mac {
            held(world, vm, &entry, mac)
        } else {
            let fact = Observation::new(vm, Kind::NeighbourOtherMac, "another MAC").on_mac(mac);
            placed(world, fact, &entry)
        };
        collector.confirmed("arp", fact);
    }
}

/// The entry of an address that was probed. The kernel has asked for one that it did not know, and
/// is still asking where nobody answers. A known one becomes REACHABLE when a TCP exchange goes on;
/// else Linux begins to doubt it (DELAY), and asks when the look is over.
fn after_probes(world: &World, address: IpAddr, table: &[Entry]) -> Option<Entry> {
    let responders = world.responders(address);
    let known = table.iter().find(|entry| entry.address == address);
    let known = known.filter(|entry| entry.mac.is_some());
    let confirmed = |responder: &Responder| {
        known.is_none() || matches!(responder.ssh, Port::Open | Port::Other)
    };
    let reached = resolved(address, table, &responders).filter(confirmed);
    let Some(responder) = reached else { return known.copied() };
    let on_lan = world.site.on_lan(address);
    let mode = if on_lan { NetworkMode::Bridged } else { NetworkMode::Shared };
    let mac = Some(responder.mac);
    Some(Entry { address, mac, age: 0, reachable: true, mode })
}

/// Whom a packet to the address reaches: whoever has the MAC of the table, else whoever answers
/// first.
pub(super) fn resolved(
    address: IpAddr,
    table: &[Entry],
    responders: &[Responder],
) -> Option<Responder> {
    let known = table.iter().find(|entry| entry.address == address);
    match known.and_then(|entry| entry.mac) {
        Some(mac) => responders.iter().find(|responder| responder.mac == mac).copied(),
        None => responders.first().copied(),
    }
}

fn held(world: &World, vm: usize, entry: &Entry, mac: Mac) -> Observation {
    let kind = match (world.site.macos, entry.reachable) {
        (true, _) => Kind::NeighbourCached,
        (false, true) => Kind::NeighbourReachable,
        (false, false) => Kind::NeighbourStale,
    };
    placed(world, Observation::new(vm, kind, "the VM's MAC").on_mac(mac), entry)
}

fn placed(world: &World, fact: Observation, entry: &Entry) -> Observation {
    let fact = fact.at(entry.address).with(attribute::INTERFACE, world.site.interface(entry.mode));
    if world.site.macos { fact } else { fact.aged(Duration::from_secs(entry.age)) }
}
