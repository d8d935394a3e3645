//! Links on which ARP does not tell what it usually tells.

use vmkit_types::NetworkMode;

use super::Family;
use crate::{random::Random, world::World};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "mac-nat-many",
        what: "a Wi-Fi bridge that translates the MACs of three machines",
        draw: mac_nat_many,
    },
    Family {
        name: "mac-nat-one",
        what: "a Wi-Fi bridge that translates the MAC of one machine",
        draw: mac_nat_one,
    },
    Family {
        name: "proxy-arp",
        what: "a router that answers ARP for every address",
        draw: proxy_arp,
    },
    Family {
        name: "proxy-arp-moved",
        what: "the same, and the machine has a new lease",
        draw: proxy_arp_moved,
    },
    Family { name: "mac-unknown", what: "its manager does not know its MAC", draw: mac_unknown },
];

/// Machines that are all bridged to the LAN.
fn bridged(random: &mut Random, count: usize) -> World {
    let mut world = World::steady(random, count);
    for index in 0..count {
        let address = world.site.lease(random, NetworkMode::Bridged);
        let machine = &mut world.machines[index];
        machine.mode = NetworkMode::Bridged;
        machine.leases_readable = random.chance(0.1);
        for stay in &mut machine.stays {
            stay.mode = NetworkMode::Bridged;
            stay.address = address;
        }
    }
    world
}

fn mac_nat_many(random: &mut Random) -> World {
    let mut world = bridged(random, 3);
    // Only macOS bridges over Wi-Fi by translating MACs.
    world.site.macos = true;
    world.translator = Some(world.site.host_mac);
    world.translates = true;
    world
}

fn mac_nat_one(random: &mut Random) -> World {
    let mut world = bridged(random, 1);
    world.site.macos = true;
    world.translator = Some(world.site.host_mac);
    world.translates = true;
    world
}

fn proxy_arp(random: &mut Random) -> World {
    let mut world = bridged(random, 2);
    world.proxy_arp = true;
    world
}

fn proxy_arp_moved(random: &mut Random) -> World {
    let mut world = proxy_arp(random);
    super::address::change_lease(random, &mut world, 0);
    world
}

fn mac_unknown(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let machine = &mut world.machines[0];
    machine.mac_known = false;
    machine.agent = false;
    if random.chance(0.3) {
        super::address::change_lease(random, &mut world, 0);
    }
    world
}
