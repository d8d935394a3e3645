//! Lease files of DHCP servers on this host.
//!
//! A client renews at half of its lease. Most files (Apple's, dnsmasq's, libvirt's) tell when a
//! lease ends and not when it was given; those of ISC's server tell both. Ended leases stay for
//! long, and a server that knows the client gives it the same address again.

use std::time::Duration;

use vmkit_types::{Kind, NetworkMode, Observation, attribute};

use super::collector::Collector;
use crate::{
    random::Random,
    world::{Machine, Origin, Stay, World},
};

/// Leases of one machine, those in force first.
pub(super) fn discover(world: &World, vm: usize, random: &mut Random, collector: &mut Collector) {
    let machine = &world.machines[vm];
    // The file of the shared network is there in a bridged run too.
    let of_this_host = |stay: &&Stay| {
        stay.origin == Origin::Dhcp && (machine.leases_readable || stay.mode == NetworkMode::Shared)
    };
    let tells_length = random.chance(0.2);
    if machine.leased_by_name {
        by_name(machine, vm, random, collector);
        return;
    }
    let mut rows: Vec<(bool, Observation)> = Vec::new();
    let mut served = Vec::new();
    for stay in machine.stays.iter().rev().filter(of_this_host) {
        let lasted = stay.from.saturating_sub(stay.until);
        let renewed = stay.until + random.within(0..=machine.lease / 2).min(lasted);
        let (current, age) = match machine.lease.checked_sub(renewed) {
            Some(left) if left > 0 => (true, renewed),
            _ if random.chance(0.7) => (false, renewed - machine.lease),
            _ => continue,
        };
        // A server's later lease of the same MAC supersedes its earlier ones.
        let superseded = current && served.contains(&stay.mode);
        served.push(stay.mode);
        let code = if current && !superseded { "lease-current" } else { "lease-expired" };
        let mut fact = Observation::new(vm, Kind::from_code(code), "a lease").at(stay.address);
        if !machine.mac_known {
            continue;
        }
        fact = fact.on_mac(machine.mac);
        // Of an ended lease the end is known in any case.
        if !superseded && (tells_length || !current) {
            fact = fact.aged(Duration::from_secs(age));
        }
        if tells_length {
            fact = fact.with("lease-s", machine.lease.to_string());
        }
        rows.push((current && !superseded, fact));
    }
    rows.sort_by_key(|(current, _)| !current);
    if rows.is_empty() && machine.mac_known && has_shared_file(world, vm) {
        collector.discovered("leases", absence(world, vm));
    }
    for (_, fact) in rows {
        collector.discovered("leases", fact);
    }
}

/// The newest lease in force, which has the machine's name in place of its MAC.
fn by_name(machine: &Machine, vm: usize, random: &mut Random, collector: &mut Collector) {
    let mut stays = machine.stays.iter().rev().filter(|stay| stay.origin == Origin::Dhcp);
    let Some(stay) = stays.next() else { return };
    let lasted = stay.from.saturating_sub(stay.until);
    let renewed = stay.until + random.within(0..=machine.lease / 2).min(lasted);
    if renewed < machine.lease {
        let fact = Observation::new(vm, Kind::LeaseName, "a lease of its name").at(stay.address);
        collector.discovered("leases", fact);
    }
}

/// Whether there is a lease file of the host's shared network: where a machine is on it, and on
/// every second host where none is. Of another server's file nobody knows whom it serves.
fn has_shared_file(world: &World, vm: usize) -> bool {
    let machine = &world.machines[vm];
    machine.mode == NetworkMode::Shared || machine.mac.octets()[5].is_multiple_of(2)
}

/// Libvirt's file is named for its bridge, that of macOS for nothing.
fn absence(world: &World, vm: usize) -> Observation {
    let none = Observation::new(vm, Kind::from_code("lease-none"), "no lease of its MAC");
    if world.site.macos {
        return none;
    }
    none.with(attribute::INTERFACE, world.site.interface(NetworkMode::Shared))
}
