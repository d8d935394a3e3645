//! Machines that share what should be their own.

use super::Family;
use crate::{
    random::Random,
    world::{Naming, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "clones-one-lease",
        what: "a clone and its source ask with one machine-id and get one address",
        draw: one_lease,
    },
    Family {
        name: "clones-apart",
        what: "a clone and its source with one name and an address each",
        draw: apart,
    },
    Family { name: "duplicate-mac", what: "two running machines with one MAC", draw: one_mac },
    Family {
        name: "neighbour-guest-claims",
        what: "a guest takes the static address of another machine",
        draw: guest_takes,
    },
];

fn one_lease(random: &mut Random) -> World {
    let mut world = World::steady(random, 2);
    let (mode, address) = (world.machines[0].mode, world.machines[0].stays[0].address);
    let clone = &mut world.machines[1];
    clone.mode = mode;
    clone.stays[0].address = address;
    clone.stays[0].mode = mode;
    share_key(random, &mut world);
    let loser = usize::from(random.chance(0.5));
    world.machines[loser].shadowed = true;
    world
}

fn apart(random: &mut Random) -> World {
    let mut world = World::steady(random, 2);
    // The name is registered for the last client and answers for both.
    let address = world.machines[usize::from(random.chance(0.5))].stays[0].address;
    for machine in &mut world.machines {
        machine.naming = Naming::Record(address);
    }
    share_key(random, &mut world);
    world
}

/// A clone has the host key of its source, unless its first boot makes one.
fn share_key(random: &mut Random, world: &mut World) {
    if random.chance(0.5) {
        let key = world.machines[0].key;
        let clone = &mut world.machines[1];
        clone.key = key;
        clone.recorded_key = clone.recorded_key.map(|_| key);
    }
}

fn one_mac(random: &mut Random) -> World {
    let mut world = World::steady(random, 2);
    let (mode, mac) = (world.machines[0].mode, world.machines[0].mac);
    let address = world.site.lease(random, mode);
    let second = &mut world.machines[1];
    second.mac = mac;
    second.mode = mode;
    second.stays[0].mode = mode;
    second.stays[0].address = address;
    world
}

fn guest_takes(random: &mut Random) -> World {
    let mut world = World::steady(random, 2);
    let (mode, address) = (world.machines[0].mode, world.machines[0].stays[0].address);
    let second = &mut world.machines[1];
    second.mode = mode;
    second.stays[0].mode = mode;
    second.stays[0].address = world.site.lease(random, mode);
    let console = &mut second.console;
    console.readable = true;
    console.forged = vec![address];
    world
}
