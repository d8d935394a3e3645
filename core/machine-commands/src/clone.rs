//! `vm clone`.

use vmkit_machines::{DiskTools, SourceState, StoredMachine};
use vmkit_model::{Machine, Power};
use vmkit_plugin_commands::{Ended, Failure, Front};
use vmkit_power::Running;

use crate::{arguments::CloneMachine, hint::sentence, power::running_of, work::Work};

/// Clones a machine. One that runs stands still meanwhile.
pub(crate) fn clone(wanted: &CloneMachine, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let tools = DiskTools::find()?;
    let work = Work::open_existing(front, quiet)?;
    let held = work.data.hold(&wanted.source)?;
    let machine = work.machine(&wanted.source)?;
    let running = running_of(&machine, &work)?;
    let duplicate = |state| work.data.duplicate(&held, &wanted.new_name, state, &tools);
    let made = match &running {
        None => duplicate(SourceState::Stopped)?,
        Some(_) if !wanted.force => return Err(refused(&wanted.source, &work).into()),
        Some(running) => while_still(running, &machine, || Ok(duplicate(SourceState::Paused)?))?,
    };
    let (name, mac) = (&made.name, made.mac);
    let next = work.start_command(name);
    work.say(&format!(
        "{name} is a clone of {}, with the MAC {mac}. At its first boot, cloud-init gives its guest a name, \
         host keys and a machine-id of its own. Next: {next}",
        wanted.source
    ));
    Ok(Ended::Well)
}

fn refused(name: &str, work: &Work<'_>) -> Failure {
    let stop = work.command(&["vm", "stop", name]);
    Failure::new(format!("`{name}` runs, and its disk is not at rest")).with_hint(format!(
        "stop it first: {stop} (or add --force: the clone's disk is as after a power failure)"
    ))
}

/// Does the work while the machine stands still. One that was paused stays so.
fn while_still(
    running: &Running,
    machine: &Machine,
    work: impl FnOnce() -> anyhow::Result<StoredMachine>,
) -> anyhow::Result<StoredMachine> {
    if machine.power == Power::Paused {
        return work();
    }
    running.monitor().pause()?;
    let made = work();
    let name = &machine.own_name;
    running.monitor().resume().map_err(|error| {
        let (is, why) = match &made {
            Ok(_) => ("is", String::new()),
            Err(why) => ("is not", format!(" ({})", sentence(why))),
        };
        let still = format!("`{name}` {is} cloned{why}, and it still stands still: {error}");
        Failure::new(still).with_hint(format!("vm resume {name}"))
    })?;
    made
}
