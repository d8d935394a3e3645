//! Asks the guest agent of root's QEMU, with a command of the list that only reads, or has it run the script
//! that only reads.

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
/// Longest time that the script may take, as where `vm` has it run.
const LONGEST_SCRIPT: Duration = Duration::from_mins(1);
/// How long the reply may wait for its reader.
const DEPARTURE: Duration = Duration::from_secs(1);

/// What an agent is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// The command of this name.
    Command(&'a str),
    /// What the script prints.
    Inside,
}

/// Asks, and sends the reply to this socket.
pub(crate) fn run(
    (pid, path): (u32, &Path),
    (asked, patience_ms): (Asked<'_>, u64),
    user: Account,
    mut to: &UnixStream,
    answer: impl FnOnce(&Reply),
) {
    match ask((pid, path), asked, user, Duration::from_millis(patience_ms)) {
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
    (pid, path): (u32, &Path),
    asked: Asked<'_>,
    user: Account,
    patience: Duration,
) -> Result<String, Refusal> {
    let began = Instant::now();
    let command = match asked {
        Asked::Command(name) => Some(
            AgentCommand::from_name(name)
                .ok_or_else(|| Refusal::denied("no guest agent is asked for this"))?,
        ),
        Asked::Inside => None,
    };
    let qemu = Qemu::of_root(pid, user)?;
    if !names(&qemu.process.arguments, path, Role::Socket) {
        let message = format!("process {pid} was not started with a channel {}", path.display());
        return Err(Refusal::denied(message));
    }
    let channel = place::connect_to(&qemu, path, user)?;
    let reply = match command {
        Some(command) => {
            let deadline = began + patience.min(LONGEST);
            agent::ask(channel, command, agent::new_conversation(), deadline)
        }
        None => agent::look_inside(&channel, began + patience.min(LONGEST_SCRIPT)),
    };
    reply.map_err(Refusal::from)
}
