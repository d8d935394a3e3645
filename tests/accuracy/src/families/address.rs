//! Machines whose address stays, or changes while they run.

use std::net::Ipv4Addr;

use vmkit_types::NetworkMode;

use super::Family;
use crate::{
    random::Random,
    world::{Naming, Origin, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family { name: "steady", what: "up for long, one address", draw: steady },
    Family { name: "crowd", what: "eight machines side by side, one of them moved", draw: crowd },
    Family { name: "lease-change", what: "a new lease while it runs", draw: lease_change },
    Family {
        name: "old-address-taken",
        what: "a new lease, and another host at the old address",
        draw: old_address_taken,
    },
    Family { name: "static-address", what: "an address of its own choice", draw: static_address },
    Family {
        name: "swapped-addresses",
        what: "two machines that have each other's old address",
        draw: swapped,
    },
    Family {
        name: "conflicting-host",
        what: "another host uses the machine's address too",
        draw: conflicting_host,
    },
    Family { name: "long-idle", what: "nothing was exchanged for hours", draw: long_idle },
];

fn steady(random: &mut Random) -> World {
    World::steady(random, 1)
}

fn crowd(random: &mut Random) -> World {
    let mut world = World::steady(random, 8);
    change_lease(random, &mut world, 0);
    world
}

fn lease_change(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    change_lease(random, &mut world, 0);
    world
}

/// Gives the machine another address at some time since its boot; returns the old one.
pub(super) fn change_lease(random: &mut Random, world: &mut World, vm: usize) -> Option<Ipv4Addr> {
    let age = random.within(5..=world.machines[vm].boot_age - 20);
    let next = world.site.lease(random, world.machines[vm].mode);
    let machine = &mut world.machines[vm];
    let old = machine.present()?.address;
    let stay = machine.stay(next, age);
    machine.move_to(age, Some(stay));
    Some(old)
}

fn old_address_taken(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    if let Some(old) = change_lease(random, &mut world, 0) {
        world.settle_stranger(random, old);
    }
    world
}

fn static_address(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let machine = &mut world.machines[0];
    machine.mode = NetworkMode::Bridged;
    let number = random.octet(2..=63);
    let address = world.site.numbered(NetworkMode::Bridged, number);
    let address = if world.site.is_infrastructure(address.into()) {
        world.site.numbered(NetworkMode::Bridged, 63)
    } else {
        address
    };
    for stay in &mut machine.stays {
        stay.address = address;
        stay.origin = Origin::Static;
        stay.mode = NetworkMode::Bridged;
    }
    machine.leases_readable = random.chance(0.1);
    if random.chance(0.4) {
        machine.naming = Naming::Record(address);
    }
    world
}

fn swapped(random: &mut Random) -> World {
    let mut world = World::steady(random, 2);
    let mode = world.machines[0].mode;
    world.machines[1].mode = mode;
    let (one, two) = (world.site.lease(random, mode), world.site.lease(random, mode));
    let longest = world.machines.iter().map(|machine| machine.boot_age).min().unwrap_or(90);
    let age = random.within(5..=longest - 20);
    for (machine, (before, after)) in world.machines.iter_mut().zip([(one, two), (two, one)]) {
        for stay in &mut machine.stays {
            stay.address = before;
            stay.mode = mode;
        }
        let next = machine.stay(after, age);
        machine.move_to(age, Some(next));
    }
    world
}

fn conflicting_host(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let address = world.machines[0].stays[0].address;
    world.settle_stranger(random, address);
    world.machines[0].shadowed = random.chance(0.5);
    world
}

fn long_idle(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    world.site.asked_before = false;
    // Each stay ended for the host when it last heard of it, hours ago: nothing is in the table.
    let machine = &mut world.machines[0];
    let hours = random.within(3 * 3600..=40 * 3600);
    machine.restart(hours + 600);
    machine.lease = random.one_of(&[3600, 86_400]);
    for stay in &mut machine.stays {
        stay.from = hours + 500;
    }
    world.forget_neighbours = true;
    world
}
