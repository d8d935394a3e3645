//! Unplugs and plugs the cable of a machine's network card.

use std::{io, path::PathBuf, time::Duration};

use vmkit_model::{Card, Machine};
use vmkit_rights::{Broker, MonitorCommand};

use super::{
    exchange::{NoAnswer, exchange},
    session::Step,
    socket::Socket,
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
        let command = MonitorCommand::SetLink { netdev: self.netdev.clone(), up };
        let socket = || self.socket.path.clone();
        match exchange(&self.socket, None, &command, self.broker.as_ref(), DEADLINE) {
            Ok(Step::Done) => Ok(()),
            Ok(Step::Refused(why)) => {
                Err(LinkError::Refused { socket: socket(), netdev: self.netdev.clone(), why })
            }
            Ok(Step::Answer(_) | Step::Console(_) | Step::Wait) | Err(NoAnswer::Silent) => {
                Err(LinkError::NoAnswer { socket: socket() })
            }
            Err(NoAnswer::Unconnected(source)) => {
                Err(LinkError::Connect { socket: socket(), source })
            }
        }
    }
}
