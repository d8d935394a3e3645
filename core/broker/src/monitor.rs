//! Says one command of the list to the monitor of root's QEMU. The answer is not read here: it is passed
//! on as it comes, to `vm`, which has no rights.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use vmkit_rights::{Account, MonitorCommand, Refusal, Reply};

use crate::{
    named::{Role, names},
    place,
    process::Qemu,
};

/// How long a monitor may take for its answer, a little longer than `vm` waits for one.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long a piece of the answer may wait for its reader.
const DEPARTURE: Duration = Duration::from_secs(1);
/// Most bytes of an answer, as many as `vm` reads at most.
const LONGEST: usize = 256 << 10;
/// Longest id of a cable and path of a device that is passed on.
const LONGEST_ID: usize = 256;
/// Most devices that are asked about at once, as many as `vm` asks about.
const MOST_DEVICES: usize = 8;

/// Says the command and passes the answer on until it ends, its reader leaves, or time is up.
pub(crate) fn run(
    (pid, path): (u32, &Path),
    command: &MonitorCommand,
    user: Account,
    to: &UnixStream,
    answer: impl FnOnce(&Reply),
) {
    match ask(pid, path, command, user) {
        Ok(mut monitor) => {
            answer(&Reply::Done);
            // A monitor that breaks the connection has said all.
            pass_on(&mut monitor, to, Instant::now() + PATIENCE).ok();
        }
        Err(refusal) => answer(&Reply::Refused(refusal)),
    }
}

fn ask(
    pid: u32,
    path: &Path,
    command: &MonitorCommand,
    user: Account,
) -> Result<UnixStream, Refusal> {
    match command {
        MonitorCommand::Status | MonitorCommand::Console | MonitorCommand::Devices => {}
        MonitorCommand::VirtioStatus { paths }
            if paths.len() <= MOST_DEVICES && paths.iter().all(|it| it.len() <= LONGEST_ID) => {}
        MonitorCommand::VirtioStatus { .. } => {
            return Err(Refusal::denied("the paths of the devices are too many or too long"));
        }
        MonitorCommand::SetLink { netdev, .. } if netdev.len() <= LONGEST_ID => {}
        MonitorCommand::SetLink { .. } => {
            return Err(Refusal::denied("the id of the cable is too long"));
        }
        // Users of the broker may look at root's machines, and not end them.
        MonitorCommand::PowerDown
        | MonitorCommand::Pause
        | MonitorCommand::Resume
        | MonitorCommand::Quit => {
            return Err(Refusal::denied("root's machines are started and stopped by root"));
        }
    }
    let qemu = Qemu::of_root(pid, user)?;
    if !names(&qemu.process.arguments, path, Role::Socket) {
        let message = format!("process {pid} was not started with a monitor {}", path.display());
        return Err(Refusal::denied(message));
    }
    let mut monitor = place::connect_to(&qemu, path, user)?;
    // A few dozen bytes always fit in a fresh socket.
    let said = monitor.write_all(&command.bytes());
    said.map_err(|error| Refusal::failed(format!("talk to {}: {error}", path.display())))?;
    Ok(monitor)
}

fn pass_on(monitor: &mut UnixStream, mut to: &UnixStream, deadline: Instant) -> io::Result<()> {
    to.set_write_timeout(Some(DEPARTURE))?;
    let mut chunk = [0; 4096];
    let mut left = LONGEST;
    while left > 0 {
        let time = deadline.saturating_duration_since(Instant::now());
        let time = Timespec::try_from(time).map_err(io::Error::other)?;
        let mut polled = [PollFd::new(&*monitor, PollFlags::IN), PollFd::new(to, PollFlags::IN)];
        match poll(&mut polled, Some(&time)) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        // The reader says nothing: it has left.
        if !polled[1].revents().is_empty() {
            return Ok(());
        }
        match monitor.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let part = &chunk[..count.min(left)];
                to.write_all(part)?;
                left -= part.len();
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
