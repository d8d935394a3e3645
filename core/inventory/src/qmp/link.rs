//! Unplugs and plugs the cable of a machine's network card.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, recv},
};
use vmkit_model::{Card, Machine};
use vmkit_rights::{Broker, MonitorCommand};
use vmkit_types::Unread;

use super::{
    Socket, Unasked, said,
    session::{Session, Step},
};

/// How long a monitor may take for a command. It answers within a millisecond, or within a second
/// if its machine keeps it busy; a link that stays unplugged is worse than waiting.
const DEADLINE: Duration = Duration::from_secs(3);

/// The cable of a machine's network card.
#[derive(Clone, Debug)]
pub struct Link {
    socket: Socket,
    netdev: String,
    broker: Option<Broker>,
}

/// Why a link was not set. After [`LinkError::NoAnswer`] it may have been set.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The monitor cannot be reached.
    #[error("cannot connect to the QMP monitor {}", socket.display())]
    Connect {
        /// The monitor's socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No answer before the deadline, or the connection broke.
    #[error("the QMP monitor {} did not answer in time", socket.display())]
    NoAnswer {
        /// The monitor's socket.
        socket: PathBuf,
    },
    /// QEMU refuses the command.
    #[error("the QMP monitor {} {why} set_link {netdev}", socket.display())]
    Refused {
        /// The monitor's socket.
        socket: PathBuf,
        /// QEMU's id of the cable.
        netdev: String,
        /// What QEMU did.
        why: &'static str,
    },
}

impl Link {
    /// The cable of a card of the machine, if QEMU has an id for it. `broker`: who asks where only root
    /// may connect.
    pub fn of(machine: &Machine, card: &Card, broker: Option<&Broker>) -> Option<Self> {
        let netdev = card.net.as_ref().known()?.netdev.clone()?;
        let (path, users) = (machine.monitor.clone()?, machine.user.into_iter().collect());
        let socket = Socket { path, users, pid: machine.pid };
        Some(Self { socket, netdev, broker: broker.cloned() })
    }

    /// QEMU's id of the cable.
    pub fn netdev(&self) -> &str {
        &self.netdev
    }

    /// Plugs the cable in, or unplugs it. Takes at most 3 s.
    pub fn set(&self, up: bool) -> Result<(), LinkError> {
        let deadline = Instant::now() + DEADLINE;
        let socket = || self.socket.path.clone();
        let failed = |error: Errno| LinkError::Connect { socket: socket(), source: error.into() };
        let command = MonitorCommand::SetLink { netdev: self.netdev.clone(), up };
        let monitor = said(&self.socket, &command, self.broker.as_ref()).map_err(|unasked| {
            let source = io::Error::from(unasked);
            LinkError::Connect { socket: socket(), source }
        })?;
        let mut session = Session::of_command();
        let mut chunk = [0_u8; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(|_| failed(Errno::INVAL))?;
            match poll(&mut [PollFd::new(&monitor, PollFlags::IN)], Some(&left)) {
                Ok(0) => return Err(LinkError::NoAnswer { socket: socket() }),
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => return Err(failed(error)),
            }
            let received = match recv(&monitor, &mut chunk[..], RecvFlags::empty()) {
                Ok((0, _)) => return Err(LinkError::NoAnswer { socket: socket() }),
                Ok((count, _)) => count,
                Err(Errno::AGAIN | Errno::INTR) => continue,
                Err(error) => return Err(failed(error)),
            };
            match session.take(&chunk[..received]) {
                Step::Wait => {}
                Step::Done => return Ok(()),
                Step::Answer(_) => return Err(LinkError::NoAnswer { socket: socket() }),
                Step::Refused(why) => {
                    let netdev = self.netdev.clone();
                    return Err(LinkError::Refused { socket: socket(), netdev, why });
                }
            }
        }
    }
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
