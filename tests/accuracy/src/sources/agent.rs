//! The QEMU guest agent: the addresses on the machine's own card, as the guest has them now.

use vmkit_types::{Kind, Observation, attribute};

use super::collector::Collector;
use crate::world::World;

/// What it answers for one machine.
pub(super) fn discover(world: &World, vm: usize, collector: &mut Collector) {
    let machine = &world.machines[vm];
    // The agent comes up late in the boot.
    if !(machine.agent && machine.alive && machine.mac_known && machine.boot_age > 20) {
        return;
    }
    let fact = || Observation::new(vm, Kind::from_code("agent-address"), "on its own card");
    for stay in machine.stays.iter().filter(|stay| stay.until == 0) {
        let fact = fact().at(stay.address).on_mac(machine.mac).with(attribute::PREFIX, "24");
        collector.discovered("guest-agent", fact);
    }
    for address in &machine.v6 {
        let fact = fact().at(*address).on_mac(machine.mac).with(attribute::PREFIX, "64");
        collector.discovered("guest-agent", fact);
    }
}
