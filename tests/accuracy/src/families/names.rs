//! Names that lead elsewhere.

use super::Family;
use crate::{
    random::Random,
    world::{Naming, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family { name: "stale-record", what: "a record of an address it had once", draw: stale_record },
    Family {
        name: "stale-record-taken",
        what: "a record of an address that another host has now",
        draw: stale_record_taken,
    },
    Family {
        name: "wildcard-name",
        what: "a search domain that answers for every name",
        draw: wildcard,
    },
    Family {
        name: "record-without-machine",
        what: "a record, and the machine has no address",
        draw: record_alone,
    },
];

fn stale_record(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let old = world.site.lease(random, world.machines[0].mode);
    world.machines[0].naming = Naming::Record(old);
    world
}

fn stale_record_taken(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let old = world.site.lease(random, world.machines[0].mode);
    world.machines[0].naming = Naming::Record(old);
    world.settle_stranger(random, old);
    world
}

fn wildcard(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let everywhere = [203, 0, 113, random.octet(1..=254)].into();
    world.machines[0].naming = Naming::Record(everywhere);
    world
}

fn record_alone(random: &mut Random) -> World {
    let mut world =
        if random.chance(0.5) { stale_record(random) } else { stale_record_taken(random) };
    world.machines[0].stays.clear();
    world
}
