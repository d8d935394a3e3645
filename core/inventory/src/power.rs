//! Finds the processes of machines, and proves them by more than their number.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use vmkit_model::{Problem, ProcessDoubt};
use vmkit_platform::{Executable, Platform, Process};
use vmkit_types::{Reading, Unread};

use crate::{
    directory::Found,
    file,
    ownership::{Directories, named_relatively, relative_own_files},
    sight::Sight,
    whose::{self, Doubt},
};

/// Start times are rounded, on macOS to whole seconds: a file made at the start may seem to be older
/// by this much.
pub(crate) const START_SLACK: Duration = Duration::from_secs(2);

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
    /// A process names its files and may not speak for it; more about it.
    Doubted(ProcessDoubt, String),
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
            Self::Dead | Self::Doubted(..) | Self::Undetermined(_) => None,
        }
    }
}

/// The process of each machine, in their order. The process table is read at most once.
pub(crate) fn processes(
    machines: &[Found],
    sight: &Sight<'_, impl Platform>,
    problems: &mut Vec<Problem>,
) -> Vec<Liveness> {
    let paths = machines.iter().map(|machine| (machine.name.as_str(), known_paths(machine)));
    let directories = Directories::new(paths);
    let mut bad_files = Vec::new();
    let mut states = Vec::with_capacity(machines.len());
    for (index, machine) in machines.iter().enumerate() {
        let by_file = by_pid_file(index, machine, &directories, sight);
        states.push(by_file.unwrap_or_else(|problem| {
            bad_files.push((index, problem));
            Liveness::Dead
        }));
    }
    let lost = |(state, machine): (&Liveness, &Found)| machine.present && !state.is_alive();
    if states.iter().zip(machines).any(lost) {
        by_process_table(&mut states, machines, &directories, sight);
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

fn pid_file(machine: &Found) -> PathBuf {
    machine.directory.join(format!("{}.pid", machine.name))
}

/// Whether the process may speak for the machine whose files it names.
fn check(
    process: &Process,
    machine: &Found,
    sight: &Sight<'_, impl Platform>,
) -> Result<(), Doubt> {
    let program = || sight.platform.executable(process.pid);
    let by_broker = || sight.executable(process.pid);
    let holds_pid_file = || sight.holds_lock(process.pid, &pid_file(machine));
    let trusted = sight.trusted(machine.owner);
    whose::check(process, Executable::is_qemu, program, holds_pid_file, by_broker, &trusted)
}

fn by_pid_file(
    index: usize,
    machine: &Found,
    directories: &Directories<'_>,
    sight: &Sight<'_, impl Platform>,
) -> Result<Liveness, Problem> {
    let path = pid_file(machine);
    let line = file::first_line(&path, PID_LIMIT)
        .map_err(|error| Problem::warning(&path, error.error_chain()))?;
    let Some(line) = line.filter(|_| machine.present) else { return Ok(Liveness::Dead) };
    let pid =
        line.parse().map_err(|_| Problem::warning(&path, "does not hold a process number"))?;
    let process = match sight.platform.process(pid) {
        Reading::Known(process) => process,
        Reading::Absent => return Ok(Liveness::Dead),
        Reading::Unknown(why) => return Ok(Liveness::Undetermined(why)),
    };
    let arguments = &process.arguments;
    let is_named = match directories.owner(arguments) {
        Some(owner) if owner == index => true,
        Some(_) => return Ok(Liveness::Dead),
        // Here the pid file alone connects the process with the machine.
        None if vmkit_qemu::program(arguments).is_none() || is_later(&process, &path) => {
            return Ok(Liveness::Dead);
        }
        None => named_relatively(arguments).any(|name| name == machine.name),
    };
    Ok(match check(&process, machine, sight) {
        Ok(()) if is_named => Liveness::Alive(process),
        Ok(()) => Liveness::Unproven(process),
        Err(Doubt::Untrusted(doubt, more)) if is_named => Liveness::Doubted(doubt, more),
        Err(_) => Liveness::Dead,
    })
}

/// Whether the process started after the file was written, so that it has the number of another one
/// that ended.
fn is_later(process: &Process, file: &Path) -> bool {
    let written = file.metadata().and_then(|status| status.modified()).ok();
    let started = process.started_at.as_ref().known().copied();
    let age = |(started, written): (SystemTime, SystemTime)| started.duration_since(written).ok();
    started.zip(written).and_then(age).is_some_and(|age| age > START_SLACK)
}

/// Finds the processes of machines whose pid file is stale, or missing, as after a foreground
/// start.
fn by_process_table(
    states: &mut [Liveness],
    machines: &[Found],
    directories: &Directories<'_>,
    sight: &Sight<'_, impl Platform>,
) {
    let mut processes = match sight.platform.processes() {
        Reading::Known(processes) => processes,
        Reading::Absent => Vec::new(),
        Reading::Unknown(why) => {
            for state in states.iter_mut().filter(|state| **state == Liveness::Dead) {
                *state = Liveness::Undetermined(why.clone());
            }
            return;
        }
    };
    processes.retain(|process| vmkit_qemu::program(&process.arguments).is_some());
    // QEMU itself before its wrappers.
    processes.sort_by_key(|process| (vmkit_qemu::program(&process.arguments), process.pid));
    for process in processes {
        let owner = match directories.owner(&process.arguments) {
            None => match of_relative_files(&process, directories, sight) {
                RelativeFiles::Of(owner) => Some(owner),
                RelativeFiles::OfNone => None,
                RelativeFiles::Somewhere => {
                    mark_undetermined(states, machines, &process, sight);
                    None
                }
            },
            owner => owner,
        };
        let Some(owner) = owner.filter(|owner| !states[*owner].is_alive()) else { continue };
        // Read it again by its number: that gives its user and its start time, and it may have ended.
        let again = match sight.platform.process(process.pid) {
            Reading::Known(again) if again.arguments == process.arguments => again,
            Reading::Known(_) | Reading::Absent => continue,
            Reading::Unknown(_) => process,
        };
        match check(&again, &machines[owner], sight) {
            Ok(()) => states[owner] = Liveness::Alive(again),
            Err(Doubt::Untrusted(doubt, more)) if states[owner] == Liveness::Dead => {
                states[owner] = Liveness::Doubted(doubt, more);
            }
            Err(_) => {}
        }
    }
}

/// The machine whose own files a process names relative to its working directory.
enum RelativeFiles {
    Of(usize),
    OfNone,
    /// The directory is unknown.
    Somewhere,
}

fn of_relative_files(
    process: &Process,
    directories: &Directories<'_>,
    sight: &Sight<'_, impl Platform>,
) -> RelativeFiles {
    let mut names = relative_own_files(&process.arguments).peekable();
    if names.peek().is_none() {
        return RelativeFiles::OfNone;
    }
    // A daemon has changed its directory since it was started.
    let directory = sight.working_directory(process.pid).known();
    let Some(directory) = directory.filter(|directory| directory != Path::new("/")) else {
        return RelativeFiles::Somewhere;
    };
    let real = |name: &str| {
        let path = directory.join(name);
        Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
    };
    match names.map(real).collect::<Option<_>>() {
        Some(files) => {
            directories.owner_of_files(files).map_or(RelativeFiles::OfNone, RelativeFiles::Of)
        }
        None => RelativeFiles::Somewhere,
    }
}

/// Marks the machines that this QEMU may belong to as undetermined: it names their files relative
/// to an unknown directory. A process of another user or another program cannot be theirs.
fn mark_undetermined(
    states: &mut [Liveness],
    machines: &[Found],
    process: &Process,
    sight: &Sight<'_, impl Platform>,
) {
    let again = match sight.platform.process(process.pid) {
        Reading::Known(again) => again,
        Reading::Absent => return,
        Reading::Unknown(_) => process.clone(),
    };
    for name in named_relatively(&process.arguments) {
        // They are sorted by name.
        let Ok(index) = machines.binary_search_by(|machine| machine.name.as_str().cmp(name)) else {
            continue;
        };
        let machine = &machines[index];
        if machine.present
            && states[index] == Liveness::Dead
            && may_be(&check(&again, machine, sight))
        {
            let why =
                format!("process {} names files of a `{name}` in some directory", process.pid);
            states[index] = Liveness::Undetermined(Unread::Failed(why));
        }
    }
}

/// Whether a process may speak for a machine, as far as this user sees.
fn may_be(checked: &Result<(), Doubt>) -> bool {
    matches!(checked, Ok(()) | Err(Doubt::Untrusted(ProcessDoubt::ProgramUnseen, _)))
}
