//! The console log, and its words for a rule without a parser.
//!
//! Boot messages name the address that the guest has when its network comes up; later changes are
//! logged elsewhere as a rule. A foreground start leaves the old log, which names the address of the
//! boot before, and nothing in it tells that.

use std::net::Ipv4Addr;

use vmkit_types::{Kind, NetworkMode, Observation, attribute};

use super::collector::Collector;
use crate::{
    random::Random,
    world::{Origin, Stay, World},
};

/// What the plugin tells of the log; returns every dotted quad of it, sorted as the shell toolkit
/// sorts them, without what cannot be a host by its first octet.
pub(super) fn discover(
    world: &World,
    vm: usize,
    random: &mut Random,
    collector: &mut Collector,
) -> Vec<Ipv4Addr> {
    let machine = &world.machines[vm];
    if !machine.console.readable {
        return Vec::new();
    }
    let boot_before = machine.console.of_boot_before;
    let of_log = |stay: &&Stay| {
        stay.origin != Origin::LinkLocal
            && if boot_before {
                stay.from > machine.boot_age
            } else {
                stay.from <= machine.boot_age
            }
    };
    let mut stays = machine.stays.iter().filter(of_log);
    let stay = if machine.console.follows { stays.next_back() } else { stays.next() };
    let mut words: Vec<Ipv4Addr> = Vec::new();
    let mut named: Vec<(Ipv4Addr, Option<u8>)> = Vec::new();
    if let Some(stay) = stay {
        named.push((stay.address, random.chance(0.6).then_some(24)));
        words.extend([network_of(stay.address), world.site.router(stay.mode)]);
    } else if machine.boot_age > 20 && random.chance(0.6) {
        let fact = Observation::new(vm, Kind::ConsoleNoLease, "no lease");
        collector.discovered("console", fact);
    }
    for stay in machine.stays.iter().filter(|stay| stay.until == 0) {
        if stay.origin == Origin::LinkLocal {
            named.push((stay.address, Some(16)));
        }
    }
    // Half of the clients do not name the interface, which would exclude inner networks.
    for address in &machine.console.inner {
        words.push(*address);
        if random.chance(0.5) {
            named.push((*address, None));
        }
    }
    for address in &machine.console.forged {
        named.push((*address, Some(24)));
    }
    for (address, prefix) in named {
        words.push(address);
        let fact = Observation::new(vm, Kind::ConsoleAddress, "as the guest says").at(address);
        let fact = match prefix {
            Some(prefix) => fact.with(attribute::PREFIX, prefix.to_string()),
            None => fact,
        };
        collector.discovered("console", fact);
    }
    if words.is_empty() && machine.boot_age > 20 {
        words.push(world.site.router(NetworkMode::Bridged));
    }
    words.sort_unstable();
    words.dedup();
    words
}

fn network_of(address: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, _] = address.octets();
    Ipv4Addr::new(a, b, c, 0)
}
