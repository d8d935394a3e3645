//! `vm stop`, `pause` and `resume`.

use std::time::Duration;

use vmkit_model::{Machine, Power};
use vmkit_plugin_commands::{Ended, Failure, Front};
use vmkit_power::{HowStopped, Patience, Running, StopStep};

use crate::{
    arguments::Stop,
    hint::{for_all, for_each},
    work::Work,
};

/// Ends QEMU without asking the guest.
pub(crate) const BY_FORCE: Patience = Patience {
    power_down: Duration::ZERO,
    // QEMU writes its disks back, which takes a moment on a slow one.
    quit: Duration::from_secs(10),
    kill: Duration::from_secs(5),
};

/// Stops machines.
pub(crate) fn stop(wanted: &Stop, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let work = Work::open_existing(front, quiet)?;
    let patience = if wanted.force { BY_FORCE } else { Patience::default() };
    for_all(&wanted.names, |name| {
        let _held = work.data.hold(name)?;
        match running(name, &work)? {
            Some(running) => stop_one(name, &running, &patience, &work)?,
            None => work.say(&format!("{name} does not run.")),
        }
        Ok(Ended::Well)
    })
}

/// Stops a machine and says how. The caller holds it.
pub(crate) fn stop_one(
    name: &str,
    running: &Running,
    patience: &Patience,
    work: &Work<'_>,
) -> anyhow::Result<()> {
    let mut progress = |step: StopStep, longest: Duration| {
        work.say(&format!("{name}: {}, up to {} s …", stop_step(step), longest.as_secs()));
    };
    let how = vmkit_power::stop(running, patience, &mut progress)?;
    work.say(&format!(
        "{name} is stopped: {}.",
        match how {
            HowStopped::PoweredDown => "its guest shut down",
            HowStopped::Quit => "QEMU ended, and its guest was cut off",
            HowStopped::Killed => "QEMU was killed, and its guest was cut off",
        }
    ));
    Ok(())
}

/// What a step of a stop does.
pub(crate) const fn stop_step(step: StopStep) -> &'static str {
    match step {
        StopStep::PowerDown => "its guest shuts down",
        StopStep::Quit => "QEMU ends",
        StopStep::Kill => "QEMU is killed",
    }
}

/// Holds the processors of machines.
pub(crate) fn pause(names: &[String], front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let work = Work::open_existing(front, quiet)?;
    for_each(names, |name| {
        let _held = work.data.hold(name)?;
        let running = must_run(name, &work)?;
        running.monitor().pause()?;
        let next = work.command(&["vm", "resume", name]);
        work.say(&format!("{name} is paused; to go on: {next}"));
        Ok(Ended::Well)
    })
}

/// Lets machines run on.
pub(crate) fn resume(names: &[String], front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let work = Work::open_existing(front, quiet)?;
    for_each(names, |name| {
        let _held = work.data.hold(name)?;
        must_run(name, &work)?.monitor().resume()?;
        work.say(&format!("{name} runs."));
        Ok(Ended::Well)
    })
}

/// The machine's process; `None`: it does not run.
///
/// # Errors
/// There is no such machine; whether it runs is unknown.
pub(crate) fn running(name: &str, work: &Work<'_>) -> anyhow::Result<Option<Running>> {
    let machine = work.machine(name)?;
    running_of(&machine, work)
}

/// The same of a machine that was read.
pub(crate) fn running_of(machine: &Machine, work: &Work<'_>) -> anyhow::Result<Option<Running>> {
    match machine.power {
        Power::Running | Power::Paused => {
            Ok(Some(Running::of(machine, work.front.settings.broker_of_root())?))
        }
        Power::Stopped | Power::Missing => Ok(None),
        Power::Unknown => {
            let name = &machine.own_name;
            let unknown = Failure::new(format!("whether `{name}` runs is unknown"));
            Err(unknown.with_hint(work.command(&["vm", "status", name])).into())
        }
    }
}

/// The process of a machine that has to run.
pub(crate) fn must_run(name: &str, work: &Work<'_>) -> anyhow::Result<Running> {
    let stopped =
        || Failure::new(format!("`{name}` does not run")).with_hint(work.start_command(name));
    Ok(running(name, work)?.ok_or_else(stopped)?)
}
