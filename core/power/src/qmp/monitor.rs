//! The monitor of one machine's QEMU.

use std::{io, path::Path, time::Duration};

use vmkit_model::{Devices, Machine, QmpStatus};
use vmkit_rights::{Broker, MonitorCommand};
use vmkit_types::{Reading, Unread};

use super::{
    devices,
    exchange::{NoAnswer, exchange},
    session::{ConsoleSocket, Step},
    socket::Socket,
};
use crate::error::PowerError;

/// How long a monitor may take for a command. It answers within a millisecond, or within seconds if its
/// machine's disk keeps it busy or another program is connected to it for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// The monitor of one machine's QEMU. Each command has a connection of its own, since QEMU serves one client
/// at a time.
#[derive(Clone, Debug)]
pub struct Monitor {
    socket: Socket,
    broker: Option<Broker>,
    /// Whether no other process than the socket's may answer.
    is_exact: bool,
}

impl Monitor {
    /// The monitor of a machine whose process is proven. `broker`: who asks where only root may connect.
    pub fn of(machine: &Machine, broker: Option<&Broker>) -> Option<Self> {
        let path = machine.monitor.clone()?;
        let socket = Socket { path, users: machine.user.into_iter().collect(), pid: machine.pid };
        Some(Self { socket, broker: broker.cloned(), is_exact: false })
    }

    /// The monitor of a process that this one has started. A process that loses the race for the machine finds the
    /// socket of the one that has won, which must not answer for it.
    pub(crate) fn at(path: &Path, user: u32, pid: u32) -> Self {
        let socket = Socket { path: path.to_owned(), users: vec![user], pid: Some(pid) };
        Self { socket, broker: None, is_exact: true }
    }

    /// The state of the machine.
    pub fn status(&self) -> Result<QmpStatus, PowerError> {
        match self.exchange(&MonitorCommand::Status)? {
            Step::Answer(status) => Ok(status),
            Step::Refused(why) => Err(self.failed(why)),
            Step::Done | Step::Console(_) | Step::Wait => {
                Err(self.failed("answered without a status"))
            }
        }
    }

    /// How the guest uses its devices. A monitor that does not answer within the patience is an unknown.
    pub fn devices(&self, patience: Duration) -> Reading<Devices> {
        devices::ask(&self.socket, self.broker.as_ref(), patience).unwrap_or_else(|why| {
            let socket = self.socket.path.display();
            Reading::Unknown(match why {
                NoAnswer::Silent => Unread::TimedOut,
                NoAnswer::Unconnected(error) => {
                    Unread::Failed(format!("connect to the QMP monitor {socket}: {error}"))
                }
            })
        })
    }

    /// What a client finds at the console.
    pub(crate) fn console(&self) -> Result<ConsoleSocket, PowerError> {
        match self.exchange(&MonitorCommand::Console)? {
            Step::Console(console) => Ok(console),
            Step::Refused(why) => Err(self.failed(why)),
            Step::Answer(_) | Step::Done | Step::Wait => {
                Err(self.failed("answered something else"))
            }
        }
    }

    /// Presses the power button: the guest shuts down if it listens to ACPI.
    pub(crate) fn power_down(&self) -> Result<(), PowerError> {
        self.command(&MonitorCommand::PowerDown)
    }

    /// Holds the guest's processors.
    pub fn pause(&self) -> Result<(), PowerError> {
        self.command(&MonitorCommand::Pause)
    }

    /// Lets the guest's processors run on.
    pub fn resume(&self) -> Result<(), PowerError> {
        self.command(&MonitorCommand::Resume)
    }

    /// Ends QEMU, which writes its disks back. It may end before it answers.
    pub(crate) fn quit(&self) -> Result<(), PowerError> {
        self.command(&MonitorCommand::Quit)
    }

    fn command(&self, command: &MonitorCommand) -> Result<(), PowerError> {
        match self.exchange(command)? {
            Step::Done => Ok(()),
            Step::Refused(why) => Err(self.failed(why)),
            Step::Answer(_) | Step::Console(_) | Step::Wait => {
                Err(self.failed("answered something else"))
            }
        }
    }

    fn exchange(&self, command: &MonitorCommand) -> Result<Step, PowerError> {
        let only = self.socket.pid.filter(|_| self.is_exact);
        let answer = exchange(&self.socket, only, command, self.broker.as_ref(), PATIENCE);
        answer.map_err(|why| match why {
            NoAnswer::Silent => PowerError::NoAnswer(self.socket.path.clone()),
            NoAnswer::Unconnected(source) => self.unconnected(source),
        })
    }

    fn unconnected(&self, source: io::Error) -> PowerError {
        PowerError::System {
            doing: "connect to the QMP monitor",
            path: self.socket.path.clone(),
            source,
        }
    }

    fn failed(&self, why: &str) -> PowerError {
        PowerError::Monitor { socket: self.socket.path.clone(), why: why.to_owned() }
    }
}
