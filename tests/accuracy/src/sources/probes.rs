//! What asking an address gives: ARP requests where vmkit may send them, SSH, an echo.

use std::net::Ipv4Addr;

use vmkit_types::{Kind, Observation, attribute};

use super::{
    Told,
    neighbours::{Entry, resolved},
};
use crate::{
    random::Random,
    world::{Port, Responder, World},
};

/// Chance that a busy network loses an exchange for good.
const LOST: f64 = 0.005;
/// Chance that a connection to nobody fails at once, and not by the deadline of the probe, which
/// comes before the kernel's own: where the kernel has given up on the address just before.
const REFUSED_BY_KERNEL: f64 = 0.2;

/// Asks one candidate of one machine.
pub(super) fn confirm(
    world: &World,
    vm: usize,
    address: Ipv4Addr,
    table: &[Entry],
    random: &mut Random,
    told: &mut Told,
) {
    let responders = world.responders(address);
    if world.site.privileged {
        ask_arp(world, vm, address, &responders, told);
    }
    let reached = resolved(address.into(), table, &responders).filter(|_| !random.chance(LOST));
    for fact in ssh(world, vm, reached, random) {
        told.confirmed("ssh", fact.at(address));
    }
    if random.chance(0.8) {
        let echoes = reached.is_some_and(|responder| responder.echoes);
        let kind = if echoes { Kind::IcmpReply } else { Kind::IcmpSilent };
        told.confirmed("icmp", Observation::new(vm, kind, "an echo").at(address));
    }
}

/// Every MAC that answers a request is heard.
fn ask_arp(world: &World, vm: usize, address: Ipv4Addr, heard: &[Responder], told: &mut Told) {
    let machine = &world.machines[vm];
    let on = world.site.interface(if world.site.on_lan(address) {
        vmkit_types::NetworkMode::Bridged
    } else {
        vmkit_types::NetworkMode::Shared
    });
    let fact = |code: &str| {
        let fact = Observation::new(vm, Kind::from_code(code), "asked just now");
        fact.at(address).with(attribute::INTERFACE, on)
    };
    if heard.is_empty() {
        told.confirmed("arp", fact("arp-silent"));
    }
    for responder in heard {
        let own = machine.mac_known && responder.mac == machine.mac;
        if own || machine.mac_known {
            let code = if own { "arp-reply" } else { "neighbour-other-mac" };
            told.confirmed("arp", fact(code).on_mac(responder.mac));
        }
    }
}

fn ssh(
    world: &World,
    vm: usize,
    reached: Option<Responder>,
    random: &mut Random,
) -> Vec<Observation> {
    let fact = |kind| vec![Observation::new(vm, kind, "port 22")];
    let Some(responder) = reached else {
        let at_once = random.chance(REFUSED_BY_KERNEL);
        return fact(if at_once { Kind::SshUnreachable } else { Kind::SshTimeout });
    };
    match responder.ssh {
        Port::Open => {
            let mut facts = fact(Kind::SshReady);
            // A clone has the keys of its source: the key tells the disk, and both have it.
            if responder.machine == Some(vm) && world.machines[vm].key_known {
                facts.extend(fact(Kind::from_code("ssh-host-key")));
            }
            facts
        }
        Port::Refused => fact(Kind::SshRefused),
        Port::Other => fact(Kind::SshNoBanner),
        Port::Filtered => {
            // Some firewalls reject with "host prohibited" instead of dropping.
            let rejects = random.chance(0.15);
            fact(if rejects { Kind::SshUnreachable } else { Kind::SshTimeout })
        }
    }
}
