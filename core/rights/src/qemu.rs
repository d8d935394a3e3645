//! Asks the broker about QEMUs, for what only root sees or opens.

use std::{
    io::Read as _,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
    time::Instant,
};

use vmkit_types::{AgentAnswer, AgentCommand};

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

    /// Asks the guest agent of root's QEMU until the deadline; the guest's own word.
    ///
    /// # Errors
    /// It is no QEMU of root's, it has no such channel, or the agent does not reply.
    pub fn guest_agent(
        &self,
        pid: u32,
        path: &Path,
        command: AgentCommand,
        deadline: Instant,
    ) -> Result<String, Refusal> {
        let (path, command) = (path.to_owned(), command.name().to_owned());
        let ask = |patience_ms| Request::GuestAgent { pid, path, command, patience_ms };
        self.agents_reply(ask, deadline, AgentAnswer::LONGEST)
    }

    /// Has the guest agent of root's QEMU run the script that looks at its guest's network, until the
    /// deadline; at most this many bytes of the agent's last reply, the guest's own word.
    ///
    /// # Errors
    /// It is no QEMU of root's, it has no such channel, or the agent does not reply.
    pub fn guest_inside(
        &self,
        pid: u32,
        path: &Path,
        deadline: Instant,
        most: usize,
    ) -> Result<String, Refusal> {
        let path = path.to_owned();
        let ask = |patience_ms| Request::GuestInside { pid, path, patience_ms };
        self.agents_reply(ask, deadline, most)
    }

    fn agents_reply(
        &self,
        request: impl FnOnce(u64) -> Request,
        deadline: Instant,
        most: usize,
    ) -> Result<String, Refusal> {
        let (mut ours, theirs) = UnixStream::pair().map_err(|error| no_socket(&error))?;
        let patience = deadline.saturating_duration_since(Instant::now());
        let request = request(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX));
        match self.ask(&request, &[theirs.as_fd()], patience + AT_ONCE)? {
            Reply::Done => {}
            reply => return Err(unexpected(&reply)),
        }
        drop(theirs);
        let failed = |error| Refusal::of_system("read the guest agent's reply", &error);
        ours.set_read_timeout(Some(AT_ONCE)).map_err(failed)?;
        let mut reply = String::new();
        (&mut ours).take(most as u64).read_to_string(&mut reply).map_err(failed)?;
        Ok(reply)
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
