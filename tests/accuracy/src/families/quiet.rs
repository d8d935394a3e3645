//! Machines that answer little or nothing.

use vmkit_types::NetworkMode;

use super::Family;
use crate::{
    random::Random,
    world::{Port, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family { name: "silent-guest", what: "a firewall that drops all but ARP", draw: silent },
    Family {
        name: "router-leases-silent",
        what: "bridged, the router leases, and all but ARP is dropped; nobody may send ARP requests",
        draw: router_leases,
    },
    Family { name: "ssh-filtered", what: "SSH is filtered, pings are answered", draw: filtered },
    Family { name: "paused", what: "its processors are stopped", draw: paused },
    Family { name: "hung", what: "it runs and reacts to nothing", draw: hung },
    Family {
        name: "only-expired-lease",
        what: "off the network for longer than its lease, or silent since",
        draw: only_expired,
    },
];

fn silent(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    world.machines[0].ssh = Port::Filtered;
    world.machines[0].echoes = false;
    world
}

fn router_leases(random: &mut Random) -> World {
    let mut world = silent(random);
    world.site.privileged = false;
    let address = world.site.lease(random, NetworkMode::Bridged);
    let machine = &mut world.machines[0];
    machine.mode = NetworkMode::Bridged;
    machine.leases_readable = false;
    machine.console.readable = false;
    for stay in &mut machine.stays {
        stay.mode = NetworkMode::Bridged;
        stay.address = address;
    }
    world
}

fn filtered(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    world.machines[0].ssh = Port::Filtered;
    world.machines[0].echoes = true;
    world
}

fn paused(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    world.machines[0].alive = false;
    world.machines[0].paused = true;
    world
}

fn hung(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    world.machines[0].alive = false;
    world
}

fn only_expired(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let machine = &mut world.machines[0];
    machine.lease = 3600;
    machine.leases_readable = true;
    machine.console.readable = false;
    let ended = random.within(3700..=90_000);
    machine.restart(ended + 8000);
    machine.stays[0].from = ended + 7900;
    machine.stays[0].until = ended;
    let address = machine.stays[0].address;
    // Some have set the address by hand since, and never ask again.
    if random.chance(0.4) {
        let mut kept = machine.stay(address, ended);
        kept.origin = crate::world::Origin::Static;
        machine.ssh = Port::Filtered;
        machine.echoes = false;
        machine.stays.push(kept);
    }
    world
}
