//! DNS and mDNS answers for the machine's name.
//!
//! A server that registers its leases keeps a name until the lease ends or another lease of the
//! name comes; resolvers on the way keep the old answer for its TTL. A guest that answers mDNS
//! tells its own addresses. A record that somebody wrote stays as it was written.

use vmkit_types::{Kind, Observation, attribute};

use super::collector::Collector;
use crate::{
    random::Random,
    world::{Naming, Origin, World},
};

/// Answers for one machine.
pub(super) fn discover(world: &World, vm: usize, random: &mut Random, collector: &mut Collector) {
    let machine = &world.machines[vm];
    let fact = |ttl: u64| {
        let fact = Observation::new(vm, Kind::DnsAddress, "an answer for its name");
        fact.with(attribute::TTL_S, ttl.to_string())
    };
    match machine.naming {
        Naming::None => {}
        Naming::Record(address) => collector.discovered("dns", fact(3600).at(address)),
        Naming::Multicast => {
            let answers = machine.alive && machine.boot_age > 15;
            let own = machine.stays.iter().filter(|stay| answers && stay.until == 0);
            for stay in own.filter(|stay| world.site.on_link(stay.address.into())) {
                collector.discovered("dns", fact(120).at(stay.address));
            }
            for address in machine.v6.iter().filter(|_| answers) {
                collector.discovered("dns", fact(120).at(*address));
            }
        }
        Naming::Leases => {
            let leased: Vec<_> =
                machine.stays.iter().rev().filter(|stay| stay.origin == Origin::Dhcp).collect();
            let ttl = random.one_of(&[0, 60, 300, 3600]);
            // Within the TTL of a change a resolver may still have the answer from before.
            let changed = leased.first().map_or(u64::MAX, |stay| stay.from);
            let held = leased.len() > 1 && changed < ttl && random.chance(0.5);
            let told_of = if held { leased.get(1) } else { leased.first() };
            let Some(stay) = told_of else { return };
            if stay.until == 0 || stay.until < machine.lease {
                collector.discovered("dns", fact(ttl).at(stay.address));
            }
        }
    }
}
