//! What guests have inside, and what they write.

use std::net::{Ipv4Addr, Ipv6Addr};

use vmkit_types::Mac;

use super::Family;
use crate::{
    random::Random,
    world::{Origin, World},
};

pub(super) const FAMILIES: &[Family] = &[
    Family { name: "docker-inside", what: "containers in the guest", draw: docker },
    Family { name: "vpn-inside", what: "a VPN in the guest", draw: vpn },
    Family { name: "two-cards", what: "a second card on another network", draw: two_cards },
    Family { name: "two-cards-one-lan", what: "a second card on the same LAN", draw: one_lan },
    Family { name: "second-address", what: "two addresses on one card", draw: second_address },
    Family {
        name: "forged-console",
        what: "the guest writes other hosts' addresses on its console",
        draw: forged,
    },
    Family {
        name: "forged-silent",
        what: "the guest has no address and writes another host's",
        draw: forged_silent,
    },
    Family { name: "ipv6-only", what: "no IPv4 at all", draw: ipv6_only },
    Family { name: "both-families", what: "IPv4 and IPv6", draw: both_families },
];

fn docker(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let number = random.octet(18..=31);
    world.machines[0].console.inner = vec![[172, 17, 0, 1].into(), [172, number, 0, 1].into()];
    world
}

fn vpn(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let tail = [random.octet(64..=127), random.octet(0..=255), random.octet(1..=254)];
    let inner = [100, tail[0], tail[1], tail[2]];
    let office = [10, random.octet(1..=250), random.octet(0..=250), random.octet(2..=250)];
    world.machines[0].console.inner = vec![random.one_of(&[inner, office]).into()];
    world
}

fn two_cards(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let other = Ipv4Addr::new(192, 168, random.octet(200..=240), random.octet(2..=250));
    let machine = &mut world.machines[0];
    machine.second_card = Some((second_mac(machine.mac), other, false));
    machine.console.inner = vec![other];
    world
}

fn one_lan(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let other = world.site.lease(random, world.machines[0].mode);
    let machine = &mut world.machines[0];
    machine.second_card = Some((second_mac(machine.mac), other, random.chance(0.5)));
    machine.console.inner = vec![other];
    world
}

fn second_mac(first: Mac) -> Mac {
    let mut octets = first.octets();
    octets[5] = octets[5].wrapping_add(1);
    Mac::new(octets)
}

fn second_address(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let address = world.site.lease(random, world.machines[0].mode);
    let machine = &mut world.machines[0];
    let mut stay = machine.stay(address, machine.boot_age - 15);
    stay.origin = Origin::Static;
    machine.stays.push(stay);
    world
}

fn forged(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    let victim = world.site.lease(random, world.machines[0].mode);
    world.settle_stranger(random, victim);
    let console = &mut world.machines[0].console;
    console.readable = true;
    console.forged = vec![victim];
    world
}

fn forged_silent(random: &mut Random) -> World {
    let mut world = forged(random);
    world.machines[0].stays.clear();
    world
}

fn prefix_address(random: &mut Random) -> Ipv6Addr {
    let tail =
        [0; 4].map(|_: u16| u16::from_be_bytes([random.octet(1..=254), random.octet(1..=254)]));
    Ipv6Addr::new(0x2001, 0xdb8, 0, 1, tail[0], tail[1], tail[2], tail[3])
}

fn ipv6_only(random: &mut Random) -> World {
    let mut world = both_families(random);
    world.machines[0].stays.clear();
    world
}

fn both_families(random: &mut Random) -> World {
    let mut world = World::steady(random, 1);
    world.machines[0].v6 = vec![prefix_address(random)];
    world
}
