//! Starts a machine's QEMU.

use std::{
    os::fd::OwnedFd,
    path::Path,
    sync::mpsc::RecvTimeoutError,
    time::{Duration, Instant},
};

use super::{
    refused::without_refused,
    spawn::{Child, how, spawn, spawn_by_sudo},
};
use crate::{
    error::PowerError,
    files::{ProcessFiles, in_directory},
    leftovers::{self, Owner},
    log,
    plan::{Acceleration, Plan, Rights},
    process::Process,
    running::Running,
    stop::{Patience, stop},
    version::Version,
};

/// How long QEMU may take until it answers. It takes a tenth of a second, and many seconds if twenty start at
/// once on a small computer.
const DEADLINE: Duration = Duration::from_mins(1);

/// QEMU's word for a processor that KVM or another accelerator cannot run on.
const CRASHED: &str = "internal-error";

/// Poll interval of the monitor's socket.
const TICK: Duration = Duration::from_millis(2);

/// A QEMU that answers.
#[derive(Debug)]
pub struct Started {
    /// The machine.
    pub running: Running,
    /// What runs the guest's processor.
    pub acceleration: Acceleration,
    /// What QEMU could not do as planned, as sentences.
    pub notes: Vec<String>,
}

impl Started {
    /// The last lines of QEMU's log, if it has ended since.
    pub fn ended(&self) -> Option<Vec<String>> {
        let Running { identity, files, .. } = &self.running;
        let found = Process::of(identity, files, &vmkit_platform::current());
        // A process that is another one by now has ended as well.
        let has_ended = matches!(found, Ok(None) | Err(PowerError::NotProven(_)));
        has_ended.then(|| log::last_log_lines(files))
    }
}

/// Starts a QEMU in a session of its own, as this user, and waits until its monitor answers. `descriptors`:
/// what it inherits, with their numbers in QEMU. If it cannot use the planned acceleration or sandbox, it is
/// started without, which the notes say. With [`Rights::RootUntilRunning`] sudo may ask for a password at the
/// terminal, and no descriptors are passed.
///
/// The caller holds the machine's lock. Whenever this process is killed, either there is no QEMU, or one that
/// has the machine's pid file and will serve its monitor.
pub fn start(
    qemu: &Path,
    plan: &Plan,
    descriptors: &[(OwnedFd, i32)],
) -> Result<Started, PowerError> {
    let files = ProcessFiles::new(&plan.directory, &plan.name);
    has_room(&files)?;
    clear(&files)?;
    let (mut plan, mut notes) = (plan.clone(), Vec::new());
    loop {
        let child = match &plan.rights {
            Rights::User => spawn(qemu, &plan, &files, descriptors),
            Rights::RootUntilRunning(root) => spawn_by_sudo(root, qemu, &plan, &files),
        };
        match child.and_then(|child| wait(&child, &files)) {
            Ok(running) => return Ok(Started { running, acceleration: plan.acceleration, notes }),
            Err(error) => {
                clear(&files)?;
                let Some((next, note)) = without_refused(&plan, &error) else {
                    return Err(or_too_old(error, qemu, &plan));
                };
                (plan, notes) = (next, [notes, vec![note]].concat());
            }
        }
    }
}

/// The error, or that this QEMU is too old for its arguments.
fn or_too_old(error: PowerError, qemu: &Path, plan: &Plan) -> PowerError {
    let PowerError::EndedAtStart { how, said } = error else { return error };
    let refers = |line: &String| {
        let line = line.to_lowercase();
        ["option", "parameter", "property"].iter().any(|word| line.contains(word))
    };
    let found = said.iter().any(refers).then(|| Version::of(qemu)).flatten();
    let needed = Version::oldest(plan.cable.needs_root());
    match found {
        Some(found) if found < needed => PowerError::TooOld { found, needed, said },
        _ => PowerError::EndedAtStart { how, said },
    }
}

/// Whether this system has room for the paths of the sockets. Linux names them by their directory.
fn has_room(files: &ProcessFiles) -> Result<(), PowerError> {
    let path = files.console();
    let is_short = cfg!(target_os = "linux") || in_directory(&path) == path;
    if is_short { Ok(()) } else { Err(PowerError::LongPath { path }) }
}

/// Removes what a killed QEMU has left.
fn clear(files: &ProcessFiles) -> Result<(), PowerError> {
    let owner = leftovers::owner(files);
    match owner.map_err(PowerError::system("lock", files.pid()))? {
        Owner::Nobody(lock) => {
            leftovers::remove(files, lock);
            Ok(())
        }
        Owner::Process => Err(PowerError::Runs { name: files.name().to_owned(), pid: None }),
    }
}

/// Waits until the monitor answers.
fn wait(child: &Child, files: &ProcessFiles) -> Result<Running, PowerError> {
    let deadline = Instant::now() + DEADLINE;
    let running = Running::started(files, child.pid);
    loop {
        // Its socket exists before it listens.
        match running.monitor.status() {
            Ok(status) if status.state == CRASHED => {
                kill(&running)?;
                let said = log::last_log_lines(files);
                return Err(PowerError::EndedAtStart { how: status.state, said });
            }
            Ok(_) => return Ok(running),
            Err(_) => {}
        }
        match child.end.recv_timeout(TICK) {
            Ok(status) => {
                let said = log::last_log_lines(files);
                return Err(PowerError::EndedAtStart { how: how(status), said });
            }
            Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
            Err(_) => {
                kill(&running)?;
                let said = log::last_log_lines(files);
                return Err(PowerError::Silent { seconds: DEADLINE.as_secs(), said });
            }
        }
    }
}

fn kill(running: &Running) -> Result<(), PowerError> {
    let patience =
        Patience { power_down: Duration::ZERO, quit: Duration::ZERO, ..Patience::default() };
    match stop(running, &patience, &mut |_, _| {}) {
        Ok(_) | Err(PowerError::DoesNotRun(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
