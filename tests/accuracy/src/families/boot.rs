//! Machines that have just started, or started again.

use super::Family;
use crate::{
    random::Random,
    world::{Machine, Origin, Stay, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family { name: "first-boot", what: "started within the last two minutes", draw: first_boot },
    Family { name: "reboot-same", what: "started again, the same address", draw: reboot_same },
    Family { name: "reboot-moved", what: "started again, another address", draw: reboot_moved },
    Family {
        name: "reboot-taken",
        what: "started again elsewhere, another host at the old address",
        draw: reboot_taken,
    },
    Family {
        name: "guest-reboot",
        what: "rebooted from within, another address: the process is the old one",
        draw: guest_reboot,
    },
    Family {
        name: "old-console",
        what: "a foreground start: the log is of the boot before",
        draw: old_console,
    },
    Family {
        name: "no-lease-after-reboot",
        what: "started again, and DHCP gives nothing",
        draw: no_lease_after_reboot,
    },
    Family { name: "never-any-lease", what: "DHCP has never given it anything", draw: never },
];

/// Seconds from a boot to the address.
fn until_address(random: &mut Random) -> u64 {
    6 + random.waiting(8.0)
}

/// Ends the present stay `age` seconds ago and starts the machine anew; returns the age at which
/// it has an address again, if by now.
fn boot_again(random: &mut Random, machine: &mut Machine, age: u64) -> Option<u64> {
    let down = random.within(2..=30);
    machine.move_to(age + down, None);
    machine.restart(age);
    let has = age.checked_sub(until_address(random)).filter(|left| *left > 0);
    // Nothing that an open connection had kept alive is there.
    machine.stays.retain(|stay| stay.from > stay.until);
    has
}

fn first_boot(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let age = random.within(3..=120);
    let machine = &mut world.machines[0];
    machine.restart(age);
    let has = age.checked_sub(until_address(random)).filter(|left| *left > 0);
    match has {
        Some(from) => machine.stays[0].from = from,
        None => machine.stays.clear(),
    }
    world
}

fn age_of_reboot(random: &mut Random, machine: &Machine) -> u64 {
    let longest = machine.boot_age.saturating_sub(70).max(20);
    let recent = random.within(15..=300).min(longest);
    if random.chance(0.5) { recent } else { random.within(15..=longest.max(16)) }
}

/// Starts the first machine again, at another address if it moved; returns the old one.
pub(super) fn reboot(random: &mut Random, world: &mut World, moved: bool) -> std::net::Ipv4Addr {
    let mode = world.machines[0].mode;
    let old = world.machines[0].stays[0].address;
    let address = if moved { world.site.lease(random, mode) } else { old };
    let machine = &mut world.machines[0];
    let age = age_of_reboot(random, machine);
    if let Some(from) = boot_again(random, machine, age) {
        let next: Stay = machine.stay(address, from);
        machine.stays.push(next);
    }
    old
}

fn reboot_same(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    reboot(random, &mut world, false);
    world
}

fn reboot_moved(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    reboot(random, &mut world, true);
    world
}

fn reboot_taken(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let old = reboot(random, &mut world, true);
    world.settle_stranger(random, old);
    world
}

fn guest_reboot(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let process_age = world.machines[0].process_age;
    reboot(random, &mut world, true);
    // A boundary in the console tells of the reboot where the log can be read.
    let machine = &mut world.machines[0];
    if !machine.console.readable || random.chance(0.5) {
        machine.process_age = process_age;
    }
    world
}

fn old_console(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let moved = random.chance(0.6);
    reboot(random, &mut world, moved);
    let console = &mut world.machines[0].console;
    console.readable = true;
    console.of_boot_before = true;
    world
}

fn no_lease_after_reboot(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    reboot_in_vain(random, &mut world);
    world
}

/// Starts the first machine again, whose DHCP gets nothing.
pub(super) fn reboot_in_vain(random: &mut Random, world: &mut World) {
    let machine = &mut world.machines[0];
    let age = age_of_reboot(random, machine).max(40);
    boot_again(random, machine, age);
    link_local(random, machine, age - 25);
    let old = machine.stays[0].address;
    if random.chance(0.3) {
        world.settle_stranger(random, old);
    }
}

/// What a guest does that DHCP has given nothing: half of them take an address of 169.254/16.
fn link_local(random: &mut Random, machine: &mut Machine, from: u64) {
    if random.chance(0.5) {
        let address = [169, 254, random.octet(1..=254), random.octet(1..=254)].into();
        let (origin, mode) = (Origin::LinkLocal, machine.mode);
        machine.stays.push(Stay { address, from, until: 0, origin, mode });
    }
}

fn never(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let machine = &mut world.machines[0];
    machine.stays.clear();
    let from = machine.boot_age - 40;
    link_local(random, machine, from);
    world
}
