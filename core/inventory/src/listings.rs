//! Merges listings into what was read of a directory, with what this computer shows of their processes.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use vmkit_model::{Listing, MANAGER, Machine, Problem, ProcessDoubt};
use vmkit_platform::{Platform, user_id};
use vmkit_power::Socket;
use vmkit_rights::Broker;
use vmkit_types::Reading;

use crate::{
    Inventory, Monitors,
    merge::{Merged, NewMonitor, Sighting, merge, service_users},
    ports::Ports,
    read::{is_of, is_of_this_run, written_at},
    sight::Sight,
    whose::{self, Doubt},
};

/// The machines of the directory and of these listings, and the monitors of both.
pub fn with_listings(
    of_directory: (Inventory, Monitors),
    listings: &[Listing],
    platform: &impl Platform,
    broker: Option<&Broker>,
) -> (Inventory, Monitors) {
    if listings.iter().all(|listing| listing.machines.is_empty()) {
        return of_directory;
    }
    let (Inventory { machines, mut problems }, mut monitors) = of_directory;
    let sight = Sight::new(platform, broker);
    // Those of the directory, by its own reader.
    let examined: HashSet<PathBuf> =
        machines.iter().filter_map(|machine| machine.console_log.clone()).collect();
    let services = RefCell::new(HashMap::new());
    let process = |manager: &str, pid| {
        let mut services = services.borrow_mut();
        let of_manager = services.entry(manager.to_owned()).or_insert_with(|| {
            service_users(manager).iter().filter_map(|name| user_id(name)).collect::<Vec<_>>()
        });
        sighting(pid, of_manager, &sight)
    };
    let Merged { mut machines, problems: found, renamed, monitors: new } =
        merge(machines, listings, process);
    problems.extend(found);
    let is_listed = |machine: &&mut Machine| {
        machine.console_log.as_ref().is_some_and(|log| !examined.contains(log))
    };
    for machine in machines.iter_mut().filter(is_listed) {
        examine_console(machine, &sight, &mut problems);
    }
    let mut ports = Ports::new(&sight);
    for machine in machines.iter_mut().filter(|machine| &*machine.manager != MANAGER) {
        ports.complete_listed(machine);
    }
    monitors.rename(&renamed);
    for NewMonitor { machine, path, user, pid } in new {
        monitors.add(&machine, Socket { path, users: vec![user], pid: Some(pid) });
    }
    (Inventory { machines, problems }, monitors)
}

/// What this computer shows of a process that the listing of a manager names. The host has checked that it
/// runs a program of the manager.
fn sighting(pid: u32, services: &[u32], sight: &Sight<'_, impl Platform>) -> Sighting {
    let process = match sight.platform.process(pid) {
        Reading::Known(process) => process,
        Reading::Absent => return Sighting::Ended,
        Reading::Unknown(why) => return Sighting::Hidden(why),
    };
    let trusted = sight.trusted(None).and(services.iter().copied());
    let program = || sight.platform.executable(pid);
    let by_broker = || sight.executable(pid);
    let checked = whose::check(&process, |_| true, program, || false, by_broker, &trusted);
    let user = process.user.known();
    let started_at = process.started_at.known();
    match (checked, user) {
        (Ok(()), Some(user)) => Sighting::Trusted { user, started_at },
        (Ok(()), None) => {
            Sighting::Doubted { doubt: ProcessDoubt::OfAnotherUser, user, started_at }
        }
        (Err(Doubt::Untrusted(doubt, _)), user) => Sighting::Doubted { doubt, user, started_at },
        (Err(Doubt::NotQemu), _) => Sighting::Ended,
    }
}

/// Keeps the console log only where it is of this run, and of root or of the machine's user.
fn examine_console(
    machine: &mut Machine,
    sight: &Sight<'_, impl Platform>,
    problems: &mut Vec<Problem>,
) {
    let users: Vec<u32> = sight.trusted(machine.user).users;
    let started_at = machine.started_at;
    machine.console_log = machine
        .console_log
        .take()
        .filter(|path| is_of_this_run(path, started_at) && is_of(path, &users, problems));
    machine.console_written_at = machine.console_log.as_deref().and_then(written_at);
}
