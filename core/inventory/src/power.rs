//! Finds the processes of machines, and proves them by more than their number.

use std::path::{Path, PathBuf};

use vmkit_model::Problem;
use vmkit_platform::{Platform, Process};
use vmkit_types::{Reading, Unread};

use crate::{
    directory::Found,
    file,
    ownership::{Directories, named_relatively, qemu_program, relative_own_files},
};

/// Largest pid file that is read: ten digits and a line break, with room for white space.
const PID_LIMIT: u64 = 64;

/// A machine's process, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// This process is proven to be the machine's.
    Alive(Process),
    /// The machine's pid file names this QEMU, whose command line names no file of any machine. It
    /// is proven if the machine's own monitor answers.
    Unproven(Process),
    /// There is none.
    Dead,
    /// The system does not show enough to decide.
    Undetermined(Unread),
}

impl Liveness {
    fn is_alive(&self) -> bool {
        matches!(self, Self::Alive(_))
    }

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
    let mut bad_files = Vec::new();
    let mut states = Vec::with_capacity(machines.len());
    for (index, machine) in machines.iter().enumerate() {
        let by_file = by_pid_file(index, machine, &directories, platform);
        states.push(by_file.unwrap_or_else(|problem| {
            bad_files.push((index, problem));
            Liveness::Dead
        }));
    }
    let lost = |(state, machine): (&Liveness, &Found)| machine.present && !state.is_alive();
    if states.iter().zip(machines).any(lost) {
        by_process_table(&mut states, machines, &directories, platform);
    }
    // QEMU lets only its own user read its pid file. That is no problem if the process was found
    // without it.
    bad_files.retain(|(index, _)| !states[*index].is_alive());
    problems.extend(bad_files.into_iter().map(|(_, problem)| problem));
    states
}

/// The paths by which a command line may name the directory: as recorded, and with links resolved.
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
) -> Result<Liveness, Problem> {
    let path = machine.directory.join(format!("{}.pid", machine.name));
    let line = file::first_line(&path, PID_LIMIT)
        .map_err(|error| Problem::warning(&path, error.error_chain()))?;
    let Some(line) = line.filter(|_| machine.present) else { return Ok(Liveness::Dead) };
    let pid =
        line.parse().map_err(|_| Problem::warning(&path, "does not hold a process number"))?;
    Ok(match platform.process(pid) {
        Reading::Known(process) => {
            let arguments = &process.arguments;
            match directories.owner(arguments) {
                Some(owner) if owner == index => Liveness::Alive(process),
                None if named_relatively(arguments).any(|name| name == machine.name) => {
                    Liveness::Alive(process)
                }
                None if qemu_program(arguments).is_some() => Liveness::Unproven(process),
                _ => Liveness::Dead,
            }
        }
        Reading::Absent => Liveness::Dead,
        Reading::Unknown(why) => Liveness::Undetermined(why),
    })
}

/// Finds the processes of machines whose pid file is stale, or missing, as after a foreground
/// start.
fn by_process_table(
    states: &mut [Liveness],
    machines: &[Found],
    directories: &Directories<'_>,
    platform: &impl Platform,
) {
    let mut processes = match platform.processes() {
        Reading::Known(processes) => processes,
        Reading::Absent => Vec::new(),
        Reading::Unknown(why) => {
            for state in states.iter_mut().filter(|state| **state == Liveness::Dead) {
                *state = Liveness::Undetermined(why.clone());
            }
            return;
        }
    };
    processes.retain(|process| qemu_program(&process.arguments).is_some());
    // QEMU itself before its wrappers.
    processes.sort_by_key(|process| (qemu_program(&process.arguments), process.pid));
    for process in processes {
        let mut owner = directories.owner(&process.arguments);
        if owner.is_none() {
            let Some(files) = relative_files(&process, platform) else {
                mark_undetermined(states, machines, &process);
                continue;
            };
            owner = directories.owner_of_files(files);
        }
        let Some(owner) = owner else { continue };
        if states[owner].is_alive() {
            continue;
        }
        // Read it again by its number: that gives the start time, and it may have ended.
        match platform.process(process.pid) {
            Reading::Known(again) if again.arguments == process.arguments => {
                states[owner] = Liveness::Alive(again);
            }
            Reading::Known(_) | Reading::Absent => {}
            Reading::Unknown(_) => states[owner] = Liveness::Alive(process),
        }
    }
}

/// The files that a process names relative to its working directory, with links resolved. `None`:
/// the directory is unknown.
fn relative_files(process: &Process, platform: &impl Platform) -> Option<Vec<PathBuf>> {
    let mut names = relative_own_files(&process.arguments).peekable();
    if names.peek().is_none() {
        return Some(Vec::new());
    }
    let directory = platform.working_directory(process.pid).known()?;
    // A daemon has changed its directory since it was started.
    if directory == Path::new("/") {
        return None;
    }
    let real = |name: &str| {
        let path = directory.join(name);
        Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
    };
    names.map(real).collect()
}

/// Marks the machines that this QEMU may belong to as undetermined: it names their files relative
/// to an unknown directory.
fn mark_undetermined(states: &mut [Liveness], machines: &[Found], process: &Process) {
    for name in named_relatively(&process.arguments) {
        // They are sorted by name.
        let Ok(index) = machines.binary_search_by(|machine| machine.name.as_str().cmp(name)) else {
            continue;
        };
        if machines[index].present && states[index] == Liveness::Dead {
            let why =
                format!("process {} names files of a `{name}` in some directory", process.pid);
            states[index] = Liveness::Undetermined(Unread::Failed(why));
        }
    }
}
