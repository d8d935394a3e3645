//! Machines that were on another network in their last run.

use vmkit_types::NetworkMode;

use super::Family;
use crate::{
    random::Random,
    world::{Origin, Stay, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family { name: "nat-then-bridged", what: "a shared run, then a bridged one", draw: to_bridged },
    Family {
        name: "nat-then-bridged-no-lease",
        what: "a shared run, then a bridged one whose DHCP gives nothing",
        draw: to_bridged_in_vain,
    },
    Family { name: "bridged-then-nat", what: "a bridged run, then a shared one", draw: to_shared },
    Family {
        name: "host-moved",
        what: "the host is on another LAN now; some guests have not noticed",
        draw: host_moved,
    },
];

/// Puts a run in another mode before the present one.
fn run_before(random: &mut Random, world: &mut World, mode: NetworkMode, now: NetworkMode) {
    let before = world.site.lease(random, mode);
    let address = world.site.lease(random, now);
    let machine = &mut world.machines[0];
    machine.mode = now;
    machine.leases_readable = now == NetworkMode::Shared || random.chance(0.1);
    let ended = machine.boot_age + random.within(5..=20_000);
    let from = machine.boot_age.saturating_sub(15);
    let origin = Origin::Dhcp;
    machine.stays = vec![
        Stay { address: before, from: ended + 5000, until: ended, origin, mode },
        Stay { address, from, until: 0, origin, mode: now },
    ];
}

fn to_bridged(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    run_before(random, &mut world, NetworkMode::Shared, NetworkMode::Bridged);
    world
}

fn to_bridged_in_vain(random: &mut Random) -> World {
    let mut world = to_bridged(random);
    world.machines[0].stays.truncate(1);
    world
}

fn to_shared(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    run_before(random, &mut world, NetworkMode::Bridged, NetworkMode::Shared);
    world
}

fn host_moved(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    run_before(random, &mut world, NetworkMode::Bridged, NetworkMode::Bridged);
    let machine = &mut world.machines[0];
    let moved = random.within(30..=machine.boot_age.max(31));
    let elsewhere = [192, 168, 77, random.octet(2..=250)].into();
    machine.stays[0].address = elsewhere;
    machine.stays[0].from = machine.boot_age;
    machine.stays[0].until = moved;
    machine.stays[1].from = moved.saturating_sub(10);
    if random.chance(0.3) {
        machine.stays.truncate(1);
        machine.stays[0].until = 0;
    }
    world
}
