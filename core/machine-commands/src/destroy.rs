//! `vm destroy`.

use vmkit_model::{Machine, Power};
use vmkit_plugin_commands::{Ended, Failure, Front};
use vmkit_power::{Running, StopStep};
use vmkit_types::{Reading, escaped};

use crate::{
    arguments::Destroy,
    ask,
    hint::for_each,
    power::{BY_FORCE, stop_step},
    work::Work,
};

/// Removes machines, with consent.
pub(crate) fn destroy(wanted: &Destroy, front: Front<'_>, quiet: bool) -> anyhow::Result<Ended> {
    let work = Work::open_existing(front, quiet)?;
    for_each(&wanted.names, |name| one(name, wanted, &work))
}

fn one(name: &str, wanted: &Destroy, work: &Work<'_>) -> anyhow::Result<Ended> {
    // Before the question, so that nobody agrees to what cannot be done.
    let machine = work.machine(name)?;
    refuse_running(&machine, wanted.force, work)?;
    if !wanted.yes && !ask::agrees(&question(&machine))? {
        work.say(&format!("{name} stays."));
        return Ok(Ended::WithFindings);
    }
    let held = work.data.hold(name)?;
    // It may have been started while the person thought.
    let machine = work.machine(name)?;
    refuse_running(&machine, wanted.force, work)?;
    if is_alive(&machine) {
        let running = Running::of(&machine, work.front.settings.broker_of_root())?;
        let mut progress = |step: StopStep, _| work.say(&format!("{name}: {}", stop_step(step)));
        vmkit_power::stop(&running, &BY_FORCE, &mut progress)?;
    }
    let destroyed = work.data.destroy(&held)?;
    match destroyed.directory {
        Some(directory) => {
            let directory = escaped(&directory.display().to_string());
            work.say(&format!("{name} is gone, with {directory}."));
        }
        None => work.say(&format!("{name} is gone; its directory was missing.")),
    }
    if let Some(disk) = destroyed.kept_disk {
        let disk = escaped(&disk.display().to_string());
        work.say(&format!("Its disk stays: {disk}"));
    }
    Ok(Ended::Well)
}

fn is_alive(machine: &Machine) -> bool {
    matches!(machine.power, Power::Running | Power::Paused)
}

fn refuse_running(machine: &Machine, force: bool, work: &Work<'_>) -> anyhow::Result<()> {
    let name = &machine.own_name;
    if machine.power == Power::Unknown {
        let unknown = format!("whether `{name}` runs is unknown, so it is not removed");
        return Err(Failure::new(unknown).with_hint(work.command(&["vm", "status", name])).into());
    }
    if is_alive(machine) && !force {
        let refused = Failure::new(format!("`{name}` runs"));
        let stop = work.command(&["vm", "stop", name]);
        let stop = format!("stop it first: {stop} (or add --force, which cuts it off)");
        return Err(refused.with_hint(stop).into());
    }
    Ok(())
}

/// What is asked: the name, and what is lost.
fn question(machine: &Machine) -> String {
    let name = escaped(&machine.own_name);
    let directory = machine.directory.as_deref().filter(|_| machine.power != Power::Missing);
    let Some(directory) = directory else {
        return format!("Forget {name}, whose directory is missing?");
    };
    let size = match &machine.disk_size {
        Reading::Known(size) => format!(" ({})", escaped(size)),
        _ => String::new(),
    };
    let directory = escaped(&directory.display().to_string());
    let runs = if is_alive(machine) { " It runs and is cut off." } else { "" };
    format!(
        "Remove {name} with its disk{size} and all that is in {directory}?{runs} This cannot be undone."
    )
}
