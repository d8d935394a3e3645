//! The machines of all inventories as one list: a machine that two of them see is one machine, and each
//! has a name of its own.
//!
//! Pure: what the host sees of the processes is an argument.

mod fields;
mod groups;
mod names;
mod rank;
mod seen;

use std::{path::PathBuf, sync::Arc};

use vmkit_model::{Listing, Machine, Power, Problem};
use vmkit_types::{ListedMachine, MachineState, Reading, Unread};

pub(crate) use rank::service_users;
pub(crate) use seen::Sighting;

use fields::{add_claims, fill, fill_listed, machine_of};
use groups::{Group, Node, groups};
use names::{Named, names};
use seen::Seen;

/// The machines of all inventories.
#[derive(Debug)]
pub(crate) struct Merged {
    /// The machines, sorted by name.
    pub(crate) machines: Vec<Machine>,
    /// What is wrong with them.
    pub(crate) problems: Vec<Problem>,
    /// The machines of the directory whose names have changed: before, after.
    pub(crate) renamed: Vec<(String, String)>,
    /// The monitors of processes that the directory's reader did not know.
    pub(crate) monitors: Vec<NewMonitor>,
}

/// The monitor of a machine that a listing names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NewMonitor {
    pub(crate) machine: String,
    pub(crate) path: PathBuf,
    pub(crate) user: u32,
    pub(crate) pid: u32,
}

/// Merges the machines of a vm-toolkit directory with those of listings. `sight`: what the host sees of
/// a process that the listing of a manager names.
pub(crate) fn merge(
    of_directory: Vec<Machine>,
    listings: &[Listing],
    sight: impl Fn(&str, u32) -> Sighting,
) -> Merged {
    let mut problems = Vec::new();
    let seen = seen::of(listings, sight, &mut problems);
    let groups = groups_of(&of_directory, &seen);
    let mut directory: Vec<Option<Machine>> = of_directory.into_iter().map(Some).collect();
    let mut drafts = Vec::new();
    for group in groups {
        drafts.extend(draft(&group, &mut directory, &seen, &mut problems));
    }
    let named = names(&drafts.iter().map(Draft::named).collect::<Vec<_>>());
    let mut merged =
        Merged { machines: Vec::new(), problems, renamed: Vec::new(), monitors: Vec::new() };
    for (draft, name) in drafts.into_iter().zip(named) {
        merged.add(draft, name);
    }
    merged.machines.sort_by(|one, another| one.name.cmp(&another.name));
    merged
}

fn groups_of(of_directory: &[Machine], seen: &[Seen<'_>]) -> Vec<Group> {
    let of_directory = of_directory.iter().enumerate();
    let of_directory = of_directory.map(|(place, machine)| Node::of_directory(place, machine));
    let of_listings = seen.iter().enumerate();
    let of_listings = of_listings.map(|(place, seen)| Node::of_listing(place, seen));
    groups(&of_directory.chain(of_listings).collect::<Vec<_>>())
}

/// A machine that has no name in the look yet.
struct Draft {
    machine: Machine,
    /// Its id in its manager.
    id: String,
    from_directory: bool,
    /// It takes its plain name only where no other machine has it.
    yields: bool,
    monitor: Option<PathBuf>,
}

impl Draft {
    fn named(&self) -> Named<'_> {
        let Machine { own_name, manager, foreign, .. } = &self.machine;
        let (foreign, yields) = (*foreign, self.yields);
        Named { manager, name: own_name, id: &self.id, foreign, yields }
    }
}

impl Merged {
    fn add(&mut self, draft: Draft, name: String) {
        let Draft { mut machine, from_directory, monitor, .. } = draft;
        if from_directory && machine.name != name {
            self.renamed.push((machine.name.clone(), name.clone()));
        }
        if let (Some(path), Some(pid), Some(user)) = (monitor, machine.pid, machine.user) {
            self.monitors.push(NewMonitor { machine: name.clone(), path, user, pid });
        }
        machine.name = name;
        self.machines.push(machine);
    }
}

/// The machine of one group.
fn draft(
    group: &Group,
    directory: &mut [Option<Machine>],
    seen: &[Seen<'_>],
    problems: &mut Vec<Problem>,
) -> Option<Draft> {
    let of_directory = group.of_directory.and_then(|place| directory.get_mut(place)?.take());
    let all = group.of_listings.iter().filter_map(|place| seen.get(*place));
    let from_directory = of_directory.is_some();
    // A plugin of somebody else says nothing of a machine that vmkit's own inventories list.
    let of_vmkit = from_directory || all.clone().any(|seen| seen.bundled);
    let (listed, others): (Vec<&Seen<'_>>, Vec<_>) = all.partition(|it| it.bundled || !of_vmkit);
    let Some(first) = listed.first() else {
        let mut machine = of_directory?;
        let id = machine.own_name.clone();
        let mut claims = ListedMachine::new(id.as_str(), id.as_str());
        for other in &others {
            add_claims(&mut claims, other.machine);
        }
        fill(&mut machine, &claims);
        return Some(Draft { machine, id, from_directory, yields: false, monitor: None });
    };
    let mut sum: ListedMachine = first.machine.clone();
    for other in listed.iter().skip(1) {
        fill_listed(&mut sum, other.machine);
    }
    for other in &others {
        add_claims(&mut sum, other.machine);
    }
    let yields = !from_directory && first.yields();
    let (mut machine, id) = match of_directory {
        Some(mut machine) => {
            fill(&mut machine, &sum);
            let id = machine.own_name.clone();
            (machine, id)
        }
        None => (machine_of(first.manager, &sum), first.machine.id.clone()),
    };
    let proven_before = machine.pid.is_some();
    if !proven_before {
        settle_process(&mut machine, &sum, &listed, from_directory, problems);
    }
    let monitor = sum.monitor.known().map(PathBuf::from).filter(|path| path.is_absolute());
    let monitor = monitor.filter(|_| !proven_before && machine.pid.is_some() && !machine.foreign);
    if monitor.is_some() {
        machine.monitor.clone_from(&monitor);
    }
    Some(Draft { machine, id, from_directory, yields, monitor })
}

/// Sets the process and the state by what the listings and the host say.
fn settle_process(
    machine: &mut Machine,
    sum: &ListedMachine,
    listed: &[&Seen<'_>],
    from_directory: bool,
    problems: &mut Vec<Problem>,
) {
    let trusted = listed.iter().find_map(|seen| match seen.process {
        Some(Sighting::Trusted { user, started_at }) => {
            Some((*seen.machine.pid.as_ref().known()?, user, started_at))
        }
        _ => None,
    });
    if let Some((pid, user, started_at)) = trusted {
        (machine.pid, machine.user, machine.started_at) = (Some(pid), Some(user), started_at);
        let paused = sum.state == Reading::Known(MachineState::Paused);
        machine.power = if paused { Power::Paused } else { Power::Running };
        return;
    }
    // The directory's own reader has looked for its process.
    if from_directory {
        return;
    }
    if let Some(doubted) = listed.iter().find(|seen| seen.is_doubted()) {
        *machine = foreign(machine, doubted, sum);
        return;
    }
    let hidden = listed.iter().find_map(|seen| match &seen.process {
        Some(Sighting::Hidden(why)) => Some(why),
        _ => None,
    });
    let (power, why) = power_by_manager(sum, hidden);
    machine.power = power;
    let ended = sum.pid.as_ref().known().is_some();
    machine.end = if ended {
        let why = "its manager still says that it runs".to_owned();
        Reading::Unknown(Unread::Failed(why))
    } else {
        Reading::Absent
    };
    if let Some(why) = why {
        let path = PathBuf::from(machine.qualified_name());
        problems.push(Problem::warning(&path, format!("whether it runs is unknown: {why}")));
    }
}

/// What remains of a machine whose process is doubted: its name. Whoever runs it chose the rest too.
fn foreign(machine: &Machine, seen: &Seen<'_>, sum: &ListedMachine) -> Machine {
    let mut foreign = Machine::new(Arc::clone(&machine.manager), &machine.name);
    foreign.foreign = true;
    foreign.instance.clone_from(&machine.instance);
    foreign.pid = seen.machine.pid.as_ref().known().copied();
    if let Some(Sighting::Doubted { doubt, user, started_at }) = &seen.process {
        (foreign.doubt, foreign.user, foreign.started_at) = (Some(*doubt), *user, *started_at);
    }
    let paused = sum.state == Reading::Known(MachineState::Paused);
    foreign.power = if paused { Power::Paused } else { Power::Running };
    foreign
}

/// The state of a machine whose process nobody has seen, and why it is unknown. A machine of a manager
/// without processes of its own says so: its pid is absent.
fn power_by_manager(sum: &ListedMachine, hidden: Option<&Unread>) -> (Power, Option<String>) {
    let unseen = match (hidden, &sum.pid) {
        (Some(why), _) | (None, Reading::Unknown(why)) => Some(why.to_string()),
        // It has ended since its manager wrote it down.
        (None, Reading::Known(_)) => return (Power::Stopped, None),
        (None, Reading::Absent) => None,
    };
    match (&sum.state, unseen) {
        (Reading::Known(MachineState::Stopped) | Reading::Absent, _) => (Power::Stopped, None),
        (Reading::Known(MachineState::Missing), _) => (Power::Missing, None),
        (Reading::Known(MachineState::Running), None) => (Power::Running, None),
        (Reading::Known(MachineState::Paused), None) => (Power::Paused, None),
        (Reading::Known(_), Some(why)) => (
            Power::Unknown,
            Some(format!("its manager says so, and its process is not seen: {why}")),
        ),
        (Reading::Unknown(why), _) => (Power::Unknown, Some(why.to_string())),
    }
}

#[cfg(test)]
mod tests;
