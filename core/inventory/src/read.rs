//! Reads the machines of a data directory.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use vmkit_model::{End, MANAGER, Machine, Power, Problem, QmpStatus};
use vmkit_platform::{Platform, Process};
use vmkit_power::Socket;
use vmkit_qemu::CommandLine;
use vmkit_rights::Broker;
use vmkit_types::{Reading, Unread};

use crate::{
    Location, Monitors, cards,
    directory::{Found, discover},
    file::{self, FileError},
    guest_names::{self, GuestNames, USER_DATA_LIMIT},
    ports::Ports,
    power::{Liveness, START_SLACK, processes},
    sight::Sight,
};

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Files and processes only: a machine with a process counts as running.
    ProcessesOnly,
    /// QEMU's monitors too, which distinguish paused machines from running ones.
    WithQmp,
}

/// The contents of a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The machines, sorted by name.
    pub machines: Vec<Machine>,
    /// Files and directories that could not be read.
    pub problems: Vec<Problem>,
}

/// Reads the machines of a location. Only [`Depth::WithQmp`] waits, for QEMU's monitors: at most
/// 200 ms in all, or 400 ms if some processes are unproven. `broker`: who is asked for what only root
/// sees, where somebody can be.
pub fn read(
    location: &Location,
    platform: &impl Platform,
    broker: Option<&Broker>,
    depth: Depth,
) -> Inventory {
    match depth {
        Depth::ProcessesOnly => survey(location, &Sight::new(platform, broker), false).0,
        Depth::WithQmp => {
            let (mut inventory, mut monitors) = read_beside_monitors(location, platform, broker);
            monitors.ask(|_| true).update(&mut inventory.machines);
            inventory
        }
    }
}

/// Reads the machines and returns the monitors that have not been asked: those of machines with a
/// proven process, where the monitor adds only whether it is paused. Monitors that are needed to
/// prove a process are asked here, for at most 200 ms in all.
pub fn read_beside_monitors(
    location: &Location,
    platform: &impl Platform,
    broker: Option<&Broker>,
) -> (Inventory, Monitors) {
    survey(location, &Sight::new(platform, broker), true)
}

fn survey(
    location: &Location,
    sight: &Sight<'_, impl Platform>,
    doubtful_are_asked: bool,
) -> (Inventory, Monitors) {
    let mut problems = Vec::new();
    let found = discover(location, &mut problems);
    let states = processes(&found, sight, &mut problems);
    let lines: Vec<_> = states.iter().map(|state| state.process().map(read_line)).collect();
    // Machines without a process too: a socket without a listener costs a microsecond.
    let (mut proven, mut doubtful) = (Monitors::new(sight.broker), Monitors::default());
    for ((found, state), line) in found.iter().zip(&states).zip(&lines) {
        let is_proven = matches!(state, Liveness::Alive(_));
        let monitors = if is_proven { &mut proven } else { &mut doubtful };
        let line = line.as_ref().filter(|_| is_proven);
        let process = state.process().filter(|_| is_proven);
        let user = process.and_then(|process| process.user.as_ref().known().copied());
        let users = user.map_or_else(|| sight.trusted(found.owner).users, |user| vec![user]);
        let path = monitor(&found.name, &found.directory, line);
        let pid = process.map(|process| process.pid);
        monitors.add(&found.name, Socket { path, users, pid });
    }
    let mut answers = doubtful.ask(|_| doubtful_are_asked).answers();
    let mut up_since = None;
    let mut ports = Ports::new(sight);
    let mut machines = Vec::with_capacity(found.len());
    for ((found, state), line) in found.into_iter().zip(states).zip(lines) {
        let line = line.map(|mut line| {
            ports.complete(&mut line.cards, state.process().map(|process| process.pid));
            line
        });
        let qmp = answers.remove(&found.name).unwrap_or(Reading::Unknown(Unread::NotTried));
        let users = sight.trusted(found.owner).users;
        let mut machine = machine(found, &state, line, qmp, &users, &mut problems);
        if machine.power == Power::Stopped {
            // The first process started with the computer.
            let since = up_since.get_or_insert_with(|| {
                sight.platform.process(1).map(|first| first.started_at.known())
            });
            machine.end = end(&machine, since.as_ref().known().copied().flatten());
        }
        machines.push(machine);
    }
    (Inventory { machines, problems }, proven)
}

fn read_line(process: &Process) -> CommandLine {
    let program = vmkit_qemu::program(&process.arguments).unwrap_or(0);
    CommandLine::parse(&process.arguments, program)
}

/// The socket of a machine's monitor: the one in its directory, unless its proven process names
/// another one. An answer from the one in its directory proves the process.
fn monitor(name: &str, directory: &Path, line: Option<&CommandLine>) -> PathBuf {
    // A relative path starts at the directory that QEMU was started in, which is unknown.
    let named = line.and_then(|line| line.qmp.as_ref()).map(PathBuf::from);
    let named = named.filter(|path| path.is_absolute());
    named.unwrap_or_else(|| directory.join(format!("{name}.qmp")))
}

fn machine(
    found: Found,
    state: &Liveness,
    line: Option<CommandLine>,
    qmp: Reading<QmpStatus>,
    users: &[u32],
    problems: &mut Vec<Problem>,
) -> Machine {
    let Found { name, directory, entry, present, .. } = found;
    let power = power(present, state, &qmp);
    if power == Power::Unknown {
        let why = match state {
            Liveness::Undetermined(why) => why.to_string(),
            Liveness::Doubted(doubt, more) => {
                format!("{doubt}: {more} names its files, and nothing that it says is used")
            }
            _ => "a process listens on its monitor's socket and does not answer".to_owned(),
        };
        problems.push(Problem::warning(&directory, format!("whether it runs is unknown: {why}")));
    }
    let proven = matches!(state, Liveness::Alive(_)) || matches!(qmp, Reading::Known(_));
    let process = state.process().filter(|_| proven);
    let line = line.filter(|_| proven);
    let monitor = proven.then(|| monitor(&name, &directory, line.as_ref()));
    let (hostname, username) = guest_names(&directory, entry.hostname, entry.username, problems);
    let console_log = directory.join("console.log");
    let guest_agent = line.as_ref().and_then(|line| line.guest_agent.as_ref()).map(PathBuf::from);
    let cards = line.map(|line| line.cards);
    let cards = cards::read(&name, &directory, cards, &entry.mac, problems);
    let started_at = process.and_then(|process| process.started_at.clone().known());
    let console_log = Some(console_log)
        .filter(|path| is_of_this_run(path, started_at) && is_of(path, users, problems));
    Machine {
        directory: Some(directory),
        hostname,
        username,
        cards,
        instance: entry.instance,
        known_host_keys: Vec::new(),
        power,
        end: Reading::Absent,
        pid: process.map(|process| process.pid),
        user: process.and_then(|process| process.user.as_ref().known().copied()),
        doubt: match state {
            Liveness::Doubted(doubt, _) => Some(*doubt),
            _ => None,
        },
        started_at,
        qmp,
        monitor,
        console_written_at: console_log.as_deref().and_then(written_at),
        console_log,
        // A relative path starts at the directory that QEMU was started in, which is unknown.
        guest_agent: guest_agent.filter(|path| path.is_absolute()),
        remarks: Reading::Absent,
        memory_mb: entry.memory_mb,
        vcpus: entry.vcpus,
        disk_size: entry.disk_size,
        os_version: entry.os_version,
        architecture: entry.architecture,
        ..Machine::new(MANAGER.into(), &name)
    }
}

/// Whether there is a log that was written to since the process started. A foreground start leaves
/// the log of an earlier run.
pub(crate) fn is_of_this_run(log: &Path, started_at: Option<SystemTime>) -> bool {
    if log.symlink_metadata().is_err() {
        return false;
    }
    let age_at_start =
        started_at.zip(written_at(log)).map(|(start, written)| start.duration_since(written));
    !matches!(age_at_start, Some(Ok(age)) if age > START_SLACK)
}

/// Whether a log belongs to root or to one of these users. Another one could have written anything.
pub(crate) fn is_of(log: &Path, users: &[u32], problems: &mut Vec<Problem>) -> bool {
    let owner = log.symlink_metadata().map(|status| status.uid());
    match owner {
        Ok(owner) if owner != 0 && !users.contains(&owner) => {
            let message = format!("is not read: it belongs to another user ({owner})");
            problems.push(Problem::warning(log, message));
            false
        }
        // Opening it says what is wrong with it.
        _ => true,
    }
}

/// When a log was last written to. `None`: it is no file.
pub(crate) fn written_at(log: &Path) -> Option<SystemTime> {
    let status = log.symlink_metadata().ok()?;
    status.modified().ok().filter(|_| status.is_file())
}

/// How its process ended, judging by the pid file that it left.
fn end(machine: &Machine, up_since: Option<SystemTime>) -> Reading<End> {
    let Some(directory) = &machine.directory else { return Reading::Absent };
    let file = directory.join(format!("{}.pid", machine.name));
    let written = match file.symlink_metadata().and_then(|status| status.modified()) {
        Ok(written) => written,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Reading::Absent,
        Err(error) => return Reading::Unknown(Unread::Failed(error.to_string())),
    };
    match up_since {
        Some(up_since) if written < up_since => Reading::Known(End::WithComputer),
        Some(_) => Reading::Known(End::ByItself),
        None => Reading::Unknown(Unread::Failed("the start of the computer is unknown".to_owned())),
    }
}

/// The state of the machine, from its process and its monitor.
fn power(present: bool, state: &Liveness, qmp: &Reading<QmpStatus>) -> Power {
    match (state, qmp) {
        _ if !present => Power::Missing,
        (_, Reading::Known(status)) => status.power(),
        (Liveness::Alive(_), _) => Power::Running,
        // A process listens on the machine's own socket and does not answer.
        (_, Reading::Unknown(Unread::TimedOut))
        | (Liveness::Undetermined(_) | Liveness::Doubted(..), _) => Power::Unknown,
        (Liveness::Dead | Liveness::Unproven(_), _) => Power::Stopped,
    }
}

/// Host name and user: from the registry, or else from user-data.
fn guest_names(
    directory: &Path,
    hostname: Reading<String>,
    username: Reading<String>,
    problems: &mut Vec<Problem>,
) -> (Reading<String>, Reading<String>) {
    if hostname != Reading::Absent && username != Reading::Absent {
        return (hostname, username);
    }
    let path = directory.join("cloud-init/user-data");
    let bytes = file::read(&path, USER_DATA_LIMIT);
    note(&bytes, &path, problems);
    let names = match file::reading(bytes, &path) {
        Reading::Known(bytes) => guest_names::parse(&String::from_utf8_lossy(&bytes)),
        Reading::Absent => GuestNames { hostname: Reading::Absent, username: Reading::Absent },
        Reading::Unknown(why) => {
            GuestNames { hostname: Reading::Unknown(why.clone()), username: Reading::Unknown(why) }
        }
    };
    let or = |registered: Reading<String>, guest| {
        if registered == Reading::Absent { guest } else { registered }
    };
    (or(hostname, names.hostname), or(username, names.username))
}

fn note<T>(read: &Result<T, FileError>, path: &Path, problems: &mut Vec<Problem>) {
    if let Err(error) = read {
        problems.push(Problem::warning(path, error.error_chain()));
    }
}
