//! A capture of DHCP that was running before: the last acknowledgement that the machine was sent.

use std::time::Duration;

use vmkit_types::{Kind, Observation};

use super::collector::Collector;
use crate::{
    random::Random,
    world::{Origin, World},
};

/// What it has of one machine.
pub(super) fn discover(world: &World, vm: usize, random: &mut Random, collector: &mut Collector) {
    let machine = &world.machines[vm];
    if !(machine.captured && machine.mac_known) {
        return;
    }
    let last = machine.stays.iter().rev().find(|stay| stay.origin == Origin::Dhcp);
    let Some(stay) = last else { return };
    let lasted = stay.from.saturating_sub(stay.until);
    let age = stay.until + random.within(0..=machine.lease / 2).min(lasted);
    let fact = Observation::new(vm, Kind::from_code("dhcp-ack"), "an acknowledgement")
        .at(stay.address)
        .on_mac(machine.mac)
        .aged(Duration::from_secs(age))
        .with("lease-s", machine.lease.to_string());
    collector.discovered("dhcp", fact);
}
