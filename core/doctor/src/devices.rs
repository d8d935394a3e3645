//! Asks QEMU how guests without an address use their devices.

use std::time::Duration;

use vmkit_diagnose::Omission;
use vmkit_model::Machine;
use vmkit_power::Monitor;
use vmkit_session::{Look, Selection, Settings};

use crate::{Error, limit::limited, subjects::Subjects};

/// How long one monitor may take. A healthy one answers within milliseconds; one that is busy is an
/// unknown, which must not delay the examination.
const PATIENCE: Duration = Duration::from_millis(500);
/// Most monitors that are asked, each by a thread of its own.
const MOST: usize = 16;

/// Asks the monitors of the running machines without a usable address, all at once, and notes the
/// answers in the look. Returns what was skipped.
pub(crate) fn ask(
    look: &mut Look,
    selection: &Selection,
    settings: &Settings,
) -> Result<Option<Omission>, Error> {
    let without = Subjects::new(look, selection)?.without_address;
    let what = |count| format!("asking QEMU how {count} more guests use their devices");
    let (wanted, skipped) = limited(without, MOST, what, |name| vec!["vm", "doctor", name]);
    let broker = settings.broker_of_root();
    let is_wanted = |machine: &&mut Machine| wanted.contains(&machine.name);
    std::thread::scope(|scope| {
        for machine in look.scene.machines.iter_mut().filter(is_wanted) {
            let Some(monitor) = Monitor::of(machine, broker) else { continue };
            scope.spawn(move || machine.devices = monitor.devices(PATIENCE));
        }
    });
    Ok(skipped)
}
