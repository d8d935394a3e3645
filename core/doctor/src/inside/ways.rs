//! The ways into one guest.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use vmkit_host::{Holder, look_inside};
use vmkit_inside::{Way, agent_answer};
use vmkit_model::Machine;
use vmkit_rights::Broker;
use vmkit_session::{Row, Settings};
use vmkit_types::Unread;

use super::{answer::GuestAnswer, login::Login, run::run};

/// How long each way into one guest may take. Name servers that are silent take 10 s, a tool that hangs as long, and a login
/// some seconds on a busy guest.
const PATIENCE: Duration = Duration::from_mins(1);

/// A login and a guest agent, or why one is missing.
///
/// The login comes first: it needs no more than the rights of the user who logs in, and the guest's log has
/// it. An agent runs the script as the guest's root, and works without any network, so it is asked where
/// nobody can log in.
pub(super) struct Ways {
    login: Result<Login, Unread>,
    agent: Result<Agent, Unread>,
}

/// The agent of a machine.
struct Agent {
    socket: PathBuf,
    process: Holder,
    broker: Broker,
}

impl Ways {
    /// The ways into the machine of this row.
    pub(super) fn of(row: Row<'_>, settings: &Settings) -> Self {
        let agent = Agent::of(row.machine, settings);
        Self { login: Login::of(row, settings), agent }
    }

    /// Asks the guest by the first way that leads in.
    pub(super) fn ask(self) -> GuestAnswer {
        let deadline = || Instant::now() + PATIENCE;
        let no_login = match self.login.and_then(|login| run(&login, deadline())) {
            Ok(answer) => return answer,
            Err(why) => why,
        };
        let answer = self.agent.and_then(|agent| agent.ask(deadline()));
        answer.unwrap_or_else(|why| GuestAnswer::missing(&neither(&no_login, &why)))
    }
}

impl Agent {
    fn of(machine: &Machine, settings: &Settings) -> Result<Self, Unread> {
        let (socket, process) = listener(machine)?;
        Ok(Self { socket, process, broker: settings.broker.clone() })
    }

    fn ask(&self, deadline: Instant) -> Result<GuestAnswer, Unread> {
        let reply = look_inside(&self.socket, self.process, &self.broker, deadline)?;
        Ok(GuestAnswer::live(Way::GuestAgent, &agent_answer(&reply)?))
    }
}

/// The socket of a machine's agent, and the process that must be at its other end.
fn listener(machine: &Machine) -> Result<(PathBuf, Holder), Unread> {
    let failed = |why: &str| Unread::Failed(why.to_owned());
    let socket = machine.guest_agent.clone().ok_or_else(|| failed("no guest agent listens"))?;
    let process = machine.pid.zip(machine.user);
    let (pid, user) = process.ok_or_else(|| failed("the process of the VM is not known"))?;
    Ok((socket, Holder { pid, user }))
}

/// Why there is no answer by either way.
fn neither(no_login: &Unread, no_agent: &Unread) -> Unread {
    match no_agent {
        Unread::Denied(what) => Unread::Denied(format!("{what}; by SSH: {no_login}")),
        Unread::Malformed(what) => Unread::Malformed(format!("{what}; by SSH: {no_login}")),
        other => Unread::Failed(format!("{other}; by SSH: {no_login}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The agent's socket, the number and the user of the process, and why the agent is not asked.
    #[test]
    fn an_agent_of_an_unknown_process_is_not_said_to_be_missing() {
        let rows = [
            (None, Some(7), Some(1000), Some("no guest agent listens")),
            (Some("/run/qga"), None, Some(1000), Some("the process of the VM is not known")),
            (Some("/run/qga"), Some(7), None, Some("the process of the VM is not known")),
            (Some("/run/qga"), Some(7), Some(1000), None),
        ];
        for (socket, pid, user, expected) in rows {
            let mut machine = Machine::new("qemu".into(), "web");
            machine.guest_agent = socket.map(PathBuf::from);
            (machine.pid, machine.user) = (pid, user);
            let why = listener(&machine).err().map(|why| why.to_string());
            assert_eq!(why.as_deref(), expected, "{socket:?} {pid:?} {user:?}");
        }
    }

    #[test]
    fn both_reasons_are_given_where_neither_way_leads_in() {
        let no_login = Unread::Failed("there is no address to log in at".to_owned());
        let rows = [
            (
                Unread::Failed("the guest agent does not answer".to_owned()),
                "the guest agent does not answer; by SSH: there is no address to log in at",
            ),
            (
                Unread::Denied("the guest agent runs no commands".to_owned()),
                "permission denied: the guest agent runs no commands; by SSH: there is no address to log in at",
            ),
            (
                Unread::TimedOut,
                "no answer before the deadline; by SSH: there is no address to log in at",
            ),
        ];
        for (no_agent, expected) in rows {
            assert_eq!(neither(&no_login, &no_agent).to_string(), expected);
        }
    }
}
