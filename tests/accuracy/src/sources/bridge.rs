//! The list of a Mac's bridge over Wi-Fi: whose frames it translates, by the addresses that they had.
//!
//! An entry lasts for 20 minutes after the machine's last frame with that address, and tells its age.

use std::time::Duration;

use vmkit_types::{Kind, NetworkMode, Observation, attribute};

use super::collector::Collector;
use crate::{random::Random, world::World};

/// Mean time, in seconds, between frames of a machine that runs.
const BETWEEN_FRAMES: f64 = 40.0;
/// Mean time, in seconds, since the last frame of a machine that hangs.
const SINCE_LAST: f64 = 900.0;
/// Seconds that the bridge keeps an entry.
const KEPT: u64 = 1200;

/// What it has of one machine.
pub(super) fn discover(world: &World, vm: usize, random: &mut Random, collector: &mut Collector) {
    let machine = &world.machines[vm];
    if !world.translates || !machine.mac_known {
        return;
    }
    for stay in machine.stays.iter().filter(|stay| stay.mode == NetworkMode::Bridged) {
        let mean = if machine.alive { BETWEEN_FRAMES } else { SINCE_LAST };
        let since = random.waiting(mean).min(stay.from.saturating_sub(stay.until));
        let age = stay.until + since;
        if age >= KEPT {
            continue;
        }
        let fact = Observation::new(vm, Kind::BridgeAddress, "the bridge translates its MAC")
            .at(stay.address)
            .on_mac(machine.mac)
            .aged(Duration::from_secs(age))
            .with(attribute::INTERFACE, format!("vmenet{vm}"))
            .with(attribute::BRIDGE, "bridge101");
        collector.discovered("bridge", fact);
    }
}
