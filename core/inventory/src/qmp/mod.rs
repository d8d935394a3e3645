//! Asks QEMU's monitors for the status of their machines, all at once.

mod link;
mod session;

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub use link::{Link, LinkError};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketType, connect, recv, send,
        socket,
    },
};
pub(crate) use session::{Session, Step};
use vmkit_model::QmpStatus;
use vmkit_rights::{Broker, MonitorCommand, peer};
use vmkit_types::{Reading, Unread};

/// How long all monitors together may take. A healthy one answers within a millisecond, on a loaded
/// host within tens of them; a busy or hanging one costs this once, too little for a person to
/// notice.
pub(crate) const DEADLINE: Duration = Duration::from_millis(200);

/// A monitor's socket, and who may listen on it.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    pub(crate) path: PathBuf,
    /// The users who may listen, beside root.
    pub(crate) users: Vec<u32>,
    /// The process that is proven to have it.
    pub(crate) pid: Option<u32>,
}

/// Sends the question to every socket, without waiting. `broker`: who asks where only root may connect.
pub(crate) fn ask(sockets: &[Socket], broker: Option<&Broker>) -> Questions {
    let deadline = Instant::now() + DEADLINE;
    let mut answers = vec![Reading::Unknown(Unread::TimedOut); sockets.len()];
    let mut open = Vec::new();
    for (index, socket) in sockets.iter().enumerate() {
        match said(socket, &MonitorCommand::Status, broker) {
            Ok(connection) => {
                let (path, session) = (socket.path.clone(), Session::new());
                open.push(Monitor { index, path, socket: connection, session });
            }
            Err(error) => answers[index] = refused(&socket.path, error),
        }
    }
    Questions { deadline, answers, open }
}

/// Monitors that have been asked. The sockets buffer their answers.
pub(crate) struct Questions {
    deadline: Instant,
    answers: Vec<Reading<QmpStatus>>,
    open: Vec<Monitor>,
}

impl Questions {
    /// Waits for the answers until the deadline; returns them in the order of the sockets.
    ///
    /// `Absent`: there is no socket, or nobody listens on it. `Unknown`: a process listens and did
    /// not answer as QEMU does. A monitor with another client never answers.
    pub(crate) fn answers(self) -> Vec<Reading<QmpStatus>> {
        let Self { deadline, mut answers, mut open } = self;
        while !open.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(left) = Timespec::try_from(left) else { break };
            let mut polled: Vec<_> =
                open.iter().map(|monitor| PollFd::new(&monitor.socket, PollFlags::IN)).collect();
            match poll(&mut polled, Some(&left)) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    let why = Unread::Failed(format!("wait for QMP monitors: {error}"));
                    for monitor in &open {
                        answers[monitor.index] = Reading::Unknown(why.clone());
                    }
                    break;
                }
            }
            let ready: Vec<_> = polled.iter().map(|polled| !polled.revents().is_empty()).collect();
            let mut ready = ready.into_iter();
            open.retain_mut(|monitor| {
                if !ready.next().unwrap_or(false) {
                    return true;
                }
                let answer = monitor.advance();
                answer.map(|answer| answers[monitor.index] = answer).is_none()
            });
        }
        answers
    }
}

/// A monitor that has not answered yet.
struct Monitor {
    index: usize,
    path: PathBuf,
    socket: OwnedFd,
    session: Session,
}

impl Monitor {
    /// Reads the received bytes.
    fn advance(&mut self) -> Option<Reading<QmpStatus>> {
        let path = &self.path;
        let mut chunk = [0_u8; 4096];
        let received = match recv(&self.socket, &mut chunk[..], RecvFlags::empty()) {
            Ok((0, _)) => return Some(failed(path, "closed without an answer")),
            Ok((count, _)) => count,
            Err(Errno::AGAIN | Errno::INTR) => return None,
            Err(error) => return Some(failed(path, &error.to_string())),
        };
        match self.session.take(&chunk[..received]) {
            Step::Wait => None,
            Step::Answer(status) => Some(Reading::Known(status)),
            Step::Done => Some(failed(path, "answered without a status")),
            Step::Refused(why) => Some(failed(path, why)),
        }
    }
}

/// Avoids SIGPIPE when the monitor has closed the connection.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();

/// Why a monitor was not asked.
enum Unasked {
    System(Errno),
    Listener(u32),
    Broker(Unread),
}

/// Connects and says the command without waiting, by the broker where only root may connect.
fn said(
    socket: &Socket,
    command: &MonitorCommand,
    broker: Option<&Broker>,
) -> Result<OwnedFd, Unasked> {
    match (connected(socket, command), socket.pid.zip(broker)) {
        (Err(Unasked::System(Errno::ACCESS | Errno::PERM)), Some((pid, broker))) => {
            let passed = broker.monitor(pid, &socket.path, command.clone());
            let passed = OwnedFd::from(passed.map_err(|refusal| Unasked::Broker(refusal.into()))?);
            ioctl_fionbio(&passed, true).map_err(Unasked::System)?;
            Ok(passed)
        }
        (connected, _) => connected,
    }
}

/// Never waits: a monitor with a full queue of clients would block for ever.
fn connected(to: &Socket, command: &MonitorCommand) -> Result<OwnedFd, Unasked> {
    let connection = connection(&to.path).map_err(Unasked::System)?;
    // Nothing is said to a stranger who has put a socket there.
    let peer = peer(&connection)
        .map_err(|error| Unasked::System(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
    if peer.uid != 0 && !to.users.contains(&peer.uid) {
        return Err(Unasked::Listener(peer.uid));
    }
    // A few dozen bytes always fit in a fresh socket.
    send(&connection, &command.bytes(), SEND_FLAGS).map_err(Unasked::System)?;
    Ok(connection)
}

fn connection(path: &Path) -> Result<OwnedFd, Errno> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    #[cfg(target_vendor = "apple")]
    rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
    connect(&socket, &address)?;
    Ok(socket)
}

fn refused(path: &Path, unasked: Unasked) -> Reading<QmpStatus> {
    let error = match unasked {
        Unasked::System(error) => error,
        Unasked::Broker(why) => return Reading::Unknown(why),
        Unasked::Listener(user) => {
            return failed(
                path,
                &format!("user {user} listens on it, who does not run the machine"),
            );
        }
    };
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::CONNREFUSED => Reading::Absent,
        Errno::ACCESS | Errno::PERM => {
            Reading::Unknown(Unread::Denied(format!("connect to {}", path.display())))
        }
        Errno::AGAIN | Errno::INPROGRESS => failed(path, "busy with other clients"),
        Errno::NAMETOOLONG => failed(path, "its path is too long for a socket's address"),
        error => failed(path, &io::Error::from(error).to_string()),
    }
}

fn failed(path: &Path, why: &str) -> Reading<QmpStatus> {
    Reading::Unknown(Unread::Failed(format!("QMP monitor {}: {why}", path.display())))
}
