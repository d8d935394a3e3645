//! Which process an instance has. A pid file outlives its process, and another process gets the number.

use vmkit_listing::belongs_to;
use vmkit_plugin::{ProcessAnswer, Reading, Result, Unread};

use crate::instance::{Instance, Pid};

/// A driver that is a program of its own (Lima 2) has no arguments that name its instance.
const OWN_PROGRAM: &str = "lima-driver-";

/// What runs of an instance.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Running {
    /// Its driver runs.
    Driver {
        /// The driver, such as `qemu`.
        driver: &'static str,
        process: ProcessAnswer,
        /// Whether its host agent runs too.
        host_agent: bool,
    },
    /// Its driver does not run.
    Nothing {
        /// Whether its host agent runs all the same.
        host_agent: bool,
    },
    /// Nobody could see whether it runs, for this reason.
    Unknown(Unread),
}

/// What runs of an instance, by its pid files and the processes.
pub(crate) fn running(instance: &Instance, processes: &Result<Vec<ProcessAnswer>>) -> Running {
    let pids = || instance.drivers.iter().map(|(_, pid)| pid).chain([&instance.host_agent]);
    let processes = match processes {
        Ok(processes) => processes,
        // Without a pid file nothing runs, whatever the processes are.
        Err(error) if pids().any(|pid| *pid != Reading::Absent) => {
            return Running::Unknown(error.clone().into());
        }
        Err(_) => &Vec::new(),
    };
    let named = |pid: &Reading<Pid>| {
        let pid = pid.as_ref().known()?;
        let is_named =
            |process: &&ProcessAnswer| process.pid == pid.number && belongs_to(process, pid.owner);
        processes.iter().find(is_named)
    };
    let host_agent =
        named(&instance.host_agent).is_some_and(|process| is_of(process, &instance.name));
    for (driver, pid) in &instance.drivers {
        let is_own = |process: &&ProcessAnswer| {
            is_of(process, &instance.name) || (host_agent && is_driver(process))
        };
        if let Some(process) = named(pid).filter(is_own) {
            return Running::Driver { driver, process: process.clone(), host_agent };
        }
    }
    let unread = pids().find_map(|pid| match pid {
        Reading::Unknown(why) => Some(why.clone()),
        Reading::Known(_) | Reading::Absent => None,
    });
    unread.map_or(Running::Nothing { host_agent }, Running::Unknown)
}

/// Whether a process works for this instance: an argument is its name, or a path in its directory. Lima
/// writes real paths, so the directory as the user names it may not be in them.
fn is_of(process: &ProcessAnswer, name: &str) -> bool {
    let inside = format!("/{name}/");
    let mut arguments = process.arguments.iter().skip(1);
    arguments.any(|argument| argument == name || argument.contains(&inside))
}

fn is_driver(process: &ProcessAnswer) -> bool {
    let program = process.arguments.first().map(String::as_str).unwrap_or_default();
    program.rsplit('/').next().unwrap_or_default().starts_with(OWN_PROGRAM)
}
