//! One command to one monitor, and its answer.

use std::{
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, recv},
};
use vmkit_rights::{Broker, MonitorCommand, peer};

use super::{
    session::{Session, Step},
    socket::{Socket, Unasked, said},
};

/// Poll interval of a socket whose queue is full.
const TICK: Duration = Duration::from_millis(2);

/// Why there is no answer.
pub(crate) enum NoAnswer {
    /// The monitor cannot be reached.
    Unconnected(io::Error),
    /// The connection broke, or the deadline passed. The command may have been carried out.
    Silent,
}

/// Gives the command and waits for its answer for at most `patience`. `only`: the process that may answer, if no
/// other may. Never [`Step::Wait`].
pub(crate) fn exchange(
    socket: &Socket,
    only: Option<u32>,
    command: &MonitorCommand,
    broker: Option<&Broker>,
    patience: Duration,
) -> Result<Step, NoAnswer> {
    let mut session = match command {
        MonitorCommand::Status => Session::of_status(),
        MonitorCommand::Console => Session::of_console(),
        _ => Session::of_command(),
    };
    converse(socket, only, command, broker, patience, |bytes| match session.take(bytes) {
        Step::Wait => None,
        answer => Some(answer),
    })
}

/// Gives the command and hands over what the monitor sends, until that is an answer.
pub(crate) fn converse<T>(
    socket: &Socket,
    only: Option<u32>,
    command: &MonitorCommand,
    broker: Option<&Broker>,
    patience: Duration,
    mut answer: impl FnMut(&[u8]) -> Option<T>,
) -> Result<T, NoAnswer> {
    let deadline = Instant::now() + patience;
    let failed = |error: Errno| NoAnswer::Unconnected(error.into());
    let monitor = connected(socket, command, broker, deadline)?;
    if let Some(only) = only
        && peer(&monitor).map_err(NoAnswer::Unconnected)?.pid != only
    {
        return Err(NoAnswer::Unconnected(io::Error::other("another process listens on it")));
    }
    let mut chunk = [0_u8; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| failed(Errno::INVAL))?;
        match poll(&mut [PollFd::new(&monitor, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(NoAnswer::Silent),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(failed(error)),
        }
        let received = match recv(&monitor, &mut chunk[..], RecvFlags::empty()) {
            Ok((0, _)) | Err(Errno::CONNRESET) => return Err(NoAnswer::Silent),
            Ok((count, _)) => count,
            Err(Errno::AGAIN | Errno::INTR) => continue,
            Err(error) => return Err(failed(error)),
        };
        if let Some(answer) = answer(&chunk[..received]) {
            return Ok(answer);
        }
    }
}

/// Connects and gives the command. QEMU has room for one client that waits; another one tries again.
fn connected(
    socket: &Socket,
    command: &MonitorCommand,
    broker: Option<&Broker>,
    deadline: Instant,
) -> Result<OwnedFd, NoAnswer> {
    let tick = Timespec::try_from(TICK).unwrap_or_default();
    loop {
        match said(socket, command, broker) {
            Ok(monitor) => return Ok(monitor),
            Err(Unasked::System(Errno::AGAIN | Errno::INPROGRESS)) => {}
            Err(unasked) => return Err(NoAnswer::Unconnected(unasked.into())),
        }
        if Instant::now() >= deadline {
            return Err(NoAnswer::Silent);
        }
        // There is no descriptor to wait on.
        poll(&mut [], Some(&tick)).ok();
    }
}
