//! Asks the guest agent of root's QEMU, with a command of the list that only reads.

use std::{
    io::Write as _,
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use vmkit_proxy::agent;
use vmkit_rights::{Account, Refusal, Reply};
use vmkit_types::AgentCommand;

use crate::{
    named::{Role, names},
    place,
    process::Qemu,
};

/// Longest time that an agent may take, as where `vm` asks it.
const LONGEST: Duration = Duration::from_millis(500);
/// How long the reply may wait for its reader.
const DEPARTURE: Duration = Duration::from_secs(1);

/// Asks, and sends the reply to this socket.
pub(crate) fn run(
    (pid, path): (u32, &Path),
    (command, patience_ms): (&str, u64),
    user: Account,
    mut to: &UnixStream,
    answer: impl FnOnce(&Reply),
) {
    let deadline = Instant::now() + Duration::from_millis(patience_ms).min(LONGEST);
    match ask(pid, path, command, user, deadline) {
        Ok(reply) => {
            answer(&Reply::Done);
            to.set_write_timeout(Some(DEPARTURE)).ok();
            // A reader who left needs no reply.
            to.write_all(reply.as_bytes()).ok();
        }
        Err(refusal) => answer(&Reply::Refused(refusal)),
    }
}

fn ask(
    pid: u32,
    path: &Path,
    command: &str,
    user: Account,
    deadline: Instant,
) -> Result<String, Refusal> {
    let command = AgentCommand::from_name(command)
        .ok_or_else(|| Refusal::denied("no guest agent is asked for this"))?;
    let qemu = Qemu::of_root(pid, user)?;
    if !names(&qemu.process.arguments, path, Role::Socket) {
        let message = format!("process {pid} was not started with a channel {}", path.display());
        return Err(Refusal::denied(message));
    }
    let channel = place::connect_to(&qemu, path, user)?;
    agent::ask(channel, command, agent::new_conversation(), deadline).map_err(Refusal::from)
}
