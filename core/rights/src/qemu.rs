//! Asks the broker about QEMUs, for what only root sees or opens.

use std::{
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
};

use crate::{
    Broker, MonitorCommand, ProcessFacts, Refusal, Reply, Request,
    broker::{AT_ONCE, no_socket, unexpected},
};

impl Broker {
    /// Which program a process runs, and where. `None`: it is no QEMU of root's or of the user's.
    ///
    /// # Errors
    /// The broker cannot see it.
    pub fn process(&self, pid: u32) -> Result<Option<ProcessFacts>, Refusal> {
        match self.ask(&Request::Process { pid }, &[], AT_ONCE)? {
            Reply::Process(facts) => Ok(facts),
            reply => Err(unexpected(&reply)),
        }
    }

    /// Says this to the monitor of root's QEMU. The socket yields what the monitor says, and takes
    /// nothing.
    ///
    /// # Errors
    /// It is no QEMU of root's, it has no such monitor, or the monitor takes no connection.
    pub fn monitor(
        &self,
        pid: u32,
        path: &Path,
        command: MonitorCommand,
    ) -> Result<UnixStream, Refusal> {
        let (ours, theirs) = UnixStream::pair().map_err(|error| no_socket(&error))?;
        let request = Request::Monitor { pid, path: path.to_owned(), command };
        match self.ask(&request, &[theirs.as_fd()], AT_ONCE)? {
            Reply::Done => Ok(ours),
            reply => Err(unexpected(&reply)),
        }
    }

    /// Opens the console log of root's QEMU for reading.
    ///
    /// # Errors
    /// It is no QEMU of root's, or it writes no console log there.
    pub fn console(&self, pid: u32, path: &Path) -> Result<OwnedFd, Refusal> {
        let request = Request::Console { pid, path: path.to_owned() };
        match self.ask_for_descriptors(&request, &[], AT_ONCE)? {
            (Reply::Done, mut receiver) => {
                receiver.descriptor().map_err(|error| Refusal::of_wire(&error))
            }
            (reply, _) => Err(unexpected(&reply)),
        }
    }
}
