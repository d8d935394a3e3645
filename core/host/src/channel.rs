//! Channels to guest agents, each checked by the process of its machine.

use std::{os::unix::net::UnixStream, path::Path, time::Instant};

use rustix::{
    fs::{Access, access},
    io::Errno,
};
use vmkit_proxy::agent;
use vmkit_rights::{Broker, Peer, peer};
use vmkit_types::{AgentCommand, Unread};

use crate::Holder;

/// The channel to one machine's agent.
#[derive(Clone, Copy)]
pub(crate) struct Channel<'a> {
    pub(crate) path: Option<&'a Path>,
    pub(crate) process: Option<Holder>,
}

/// Has the agent that listens at this socket, whose machine is this process, run the script that looks at
/// its guest's network. Returns the agent's last reply.
///
/// # Errors
/// There is no such agent, it is not the machine's, or it did not answer before the deadline.
pub fn look_inside(
    path: &Path,
    process: Holder,
    broker: &Broker,
    deadline: Instant,
) -> Result<String, Unread> {
    let channel = Channel { path: Some(path), process: Some(process) };
    if channel.is_closed() {
        return Ok(broker.guest_inside(
            process.pid,
            path,
            deadline,
            vmkit_inside::LONGEST_REPLY,
        )?);
    }
    agent::look_inside(&channel.connect_to_own()?, deadline)
}

impl Channel<'_> {
    /// Whether only root may connect to it.
    pub(crate) fn is_closed(&self) -> bool {
        let of_root = self.process.is_some_and(|process| process.user == 0);
        let closed = |path: &Path| access(path, Access::WRITE_OK) == Err(Errno::ACCESS);
        of_root && self.path.is_some_and(closed)
    }

    /// Connects to it, if the machine's own process listens there: of two machines with one socket the
    /// second has it.
    fn connect_to_own(&self) -> Result<UnixStream, Unread> {
        let (stream, listener) = self.listener()?;
        match self.process {
            Some(process) if listener.pid == process.pid => Ok(stream),
            _ => {
                let why =
                    format!("process {} listens there, which is not the machine's", listener.pid);
                Err(Unread::Failed(why))
            }
        }
    }

    fn listener(&self) -> Result<(UnixStream, Peer), Unread> {
        let stream = agent::connect(self.path.ok_or_else(no_channel)?)?;
        let listener = peer(&stream).map_err(|error| {
            Unread::Failed(format!("see who listens as a guest agent: {error}"))
        })?;
        Ok((stream, listener))
    }

    /// Connects to it, if the machine's user or root listens there.
    pub(crate) fn connect(&self) -> Result<UnixStream, Unread> {
        let (stream, listener) = self.listener()?;
        let user = self.process.map(|process| process.user);
        if listener.uid == 0 || Some(listener.uid) == user {
            return Ok(stream);
        }
        let user = listener.uid;
        Err(Unread::Failed(format!("user {user} listens there, who does not run the machine")))
    }

    /// Asks it by the broker.
    pub(crate) fn ask_by(
        &self,
        broker: &Broker,
        command: AgentCommand,
        deadline: Instant,
    ) -> Result<String, Unread> {
        let (Some(path), Some(process)) = (self.path, self.process) else {
            return Err(no_channel());
        };
        Ok(broker.guest_agent(process.pid, path, command, deadline)?)
    }
}

fn no_channel() -> Unread {
    Unread::Failed("the machine has no channel to a guest agent".to_owned())
}
