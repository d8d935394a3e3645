//! Which machines have a process, proven by more than its number.

use std::path::PathBuf;

use vmkit_platform::{Platform, Process};
use vmkit_types::{Reading, Unread};

use crate::{
    Problem,
    directory::Found,
    file,
    ownership::{Directories, names_own_file_relatively, qemu_program},
};

/// Largest pid file that is read: ten digits and a line break, with room for white space.
const PID_LIMIT: u64 = 64;

/// The process of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// This process is the machine's.
    Alive(Process),
    /// The machine's pid file names this QEMU, which names no file of any machine: it is the
    /// machine's only if the machine's own monitor answers.
    Unproven(Process),
    /// No process is.
    Dead,
    /// The system does not show enough to tell.
    Undetermined(Unread),
}

impl Liveness {
    /// The process, proven or not.
    pub(crate) fn process(&self) -> Option<&Process> {
        match self {
            Self::Alive(process) | Self::Unproven(process) => Some(process),
            Self::Dead | Self::Undetermined(_) => None,
        }
    }
}

/// The process of each machine, in their order. The process table is read at most once.
pub(crate) fn processes(
    machines: &[Found],
    platform: &impl Platform,
    problems: &mut Vec<Problem>,
) -> Vec<Liveness> {
    let paths = machines.iter().map(|machine| (machine.name.as_str(), known_paths(machine)));
    let directories = Directories::new(paths);
    let mut found: Vec<_> = machines
        .iter()
        .enumerate()
        .map(|(index, machine)| by_pid_file(index, machine, &directories, platform, problems))
        .collect();
    let missed = |found: &[Liveness]| {
        let alive = |state: &Liveness| matches!(state, Liveness::Alive(_));
        found.iter().zip(machines).any(|(state, machine)| machine.present && !alive(state))
    };
    if missed(&found) {
        by_process_table(&mut found, &directories, platform);
    }
    found
}

/// The paths by which a command line may name the directory: as recorded, and without links.
fn known_paths(machine: &Found) -> Vec<PathBuf> {
    if !machine.present {
        return Vec::new();
    }
    let canonical = std::fs::canonicalize(&machine.directory).ok();
    [machine.directory.clone()].into_iter().chain(canonical).collect()
}

fn by_pid_file(
    index: usize,
    machine: &Found,
    directories: &Directories<'_>,
    platform: &impl Platform,
    problems: &mut Vec<Problem>,
) -> Liveness {
    let path = machine.directory.join(format!("{}.pid", machine.name));
    let line = match file::first_line(&path, PID_LIMIT) {
        Ok(Some(line)) if machine.present => line,
        Ok(_) => return Liveness::Dead,
        Err(error) => {
            problems.push(Problem::warning(&path, error.in_full()));
            return Liveness::Dead;
        }
    };
    let Ok(pid) = line.parse() else {
        problems.push(Problem::warning(&path, "does not hold a process number"));
        return Liveness::Dead;
    };
    match platform.process(pid) {
        Reading::Known(process) => {
            let arguments = &process.arguments;
            match directories.owner(arguments) {
                Some(owner) if owner == index => Liveness::Alive(process),
                None if names_own_file_relatively(arguments, &machine.name) => {
                    Liveness::Alive(process)
                }
                None if qemu_program(arguments).is_some() => Liveness::Unproven(process),
                _ => Liveness::Dead,
            }
        }
        Reading::Absent => Liveness::Dead,
        Reading::Unknown(why) => Liveness::Undetermined(why),
    }
}

/// Finds the processes of machines whose pid file is missing, as after a foreground start, or
/// stale.
fn by_process_table(
    found: &mut [Liveness],
    directories: &Directories<'_>,
    platform: &impl Platform,
) {
    let mut processes = match platform.processes() {
        Reading::Known(processes) => processes,
        Reading::Absent => Vec::new(),
        Reading::Unknown(why) => {
            for state in found.iter_mut().filter(|state| **state == Liveness::Dead) {
                *state = Liveness::Undetermined(why.clone());
            }
            return;
        }
    };
    processes.retain(|process| qemu_program(&process.arguments).is_some());
    // QEMU itself before its wrappers.
    processes.sort_by_key(|process| (qemu_program(&process.arguments), process.pid));
    for process in processes {
        let Some(owner) = directories.owner(&process.arguments) else { continue };
        if matches!(found[owner], Liveness::Alive(_)) {
            continue;
        }
        // Once more by its number, for the start time, and in case it has ended since.
        let again = platform.process(process.pid).known();
        let same = again.filter(|again| again.arguments == process.arguments);
        found[owner] = Liveness::Alive(same.unwrap_or(process));
    }
}
