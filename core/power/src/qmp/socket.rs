//! The connection to a monitor.

use std::{io, os::fd::OwnedFd, path::PathBuf};

use rustix::{
    io::{Errno, ioctl_fionbio},
    net::{SendFlags, send},
};
use vmkit_rights::{Broker, MonitorCommand, peer};
use vmkit_types::Unread;

use crate::unix;

/// A monitor's socket, and who may listen on it.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Where it is.
    pub path: PathBuf,
    /// The users who may listen, beside root.
    pub users: Vec<u32>,
    /// The process that is proven to have it.
    pub pid: Option<u32>,
}

/// Avoids SIGPIPE when the monitor has closed the connection.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();

/// Why a monitor was not asked.
pub(crate) enum Unasked {
    System(Errno),
    Listener(u32),
    Broker(Unread),
}

/// Connects and says the command without waiting, by the broker where only root may connect.
pub(crate) fn said(
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
    let connection = unix::connect(&to.path).map_err(Unasked::System)?;
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

impl From<Unasked> for io::Error {
    fn from(unasked: Unasked) -> Self {
        match unasked {
            Unasked::System(error) => error.into(),
            Unasked::Listener(user) => Self::new(
                io::ErrorKind::PermissionDenied,
                format!("user {user} listens on it, who does not run the machine"),
            ),
            Unasked::Broker(Unread::Denied(why)) => Self::new(io::ErrorKind::PermissionDenied, why),
            Unasked::Broker(why) => Self::other(why.to_string()),
        }
    }
}
