//! How many addresses of each range are free.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use vmkit_leases::Lease;
use vmkit_survey::Pool;
use vmkit_types::Reading;

use crate::config::{Config, Range};

/// The ranges of a server with these leases in force.
pub(crate) fn pools(config: &Config, leases: &Reading<Vec<Lease>>) -> Vec<Pool> {
    // Of all ranges together.
    let known = leases.as_ref().map(|leases| {
        let most = config.most_leases.unwrap_or(u64::MAX);
        (taken(config, leases), most.saturating_sub(leases.len() as u64))
    });
    let pool = |range: &Range| {
        let Range { first, last } = *range;
        let addresses = u64::from(last.to_bits().saturating_sub(first.to_bits())) + 1;
        let free = known.as_ref().map(|(taken, left)| {
            let here = taken.range(first..=last).count() as u64;
            addresses.saturating_sub(here).min(*left)
        });
        Pool { first, last, addresses, free }
    };
    config.ranges.iter().map(pool).collect()
}

/// The addresses that a new client does not get.
fn taken(config: &Config, leases: &[Lease]) -> BTreeSet<Ipv4Addr> {
    let in_force = leases.iter().filter_map(|lease| match lease.address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    let reserved = config.reserved.iter().filter(|_| config.keeps_reserved);
    // A server gives nobody an address of its own.
    let own = config.addresses.iter().copied();
    in_force.chain(reserved.map(|it| it.address)).chain(own).collect()
}
