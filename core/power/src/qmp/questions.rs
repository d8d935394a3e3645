//! Asks all monitors at once.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, recv},
};
use vmkit_model::QmpStatus;
use vmkit_rights::{Broker, MonitorCommand};
use vmkit_types::{Reading, Unread};

use super::{
    session::{Session, Step},
    socket::{Socket, Unasked, said},
};

/// How long all monitors together may take. A healthy one answers within a millisecond, on a loaded
/// host within tens of them; a busy or hanging one costs this once, too little for a person to
/// notice.
const DEADLINE: Duration = Duration::from_millis(200);

/// Sends the question to every socket, without waiting. `broker`: who asks where only root may connect.
pub fn ask(sockets: &[Socket], broker: Option<&Broker>) -> Questions {
    let deadline = Instant::now() + DEADLINE;
    let mut answers = vec![Reading::Unknown(Unread::TimedOut); sockets.len()];
    let mut open = Vec::new();
    for (index, socket) in sockets.iter().enumerate() {
        match said(socket, &MonitorCommand::Status, broker) {
            Ok(connection) => {
                let (path, session) = (socket.path.clone(), Session::of_status());
                open.push(Monitor { index, path, socket: connection, session });
            }
            Err(error) => answers[index] = refused(&socket.path, error),
        }
    }
    Questions { deadline, answers, open }
}

/// Monitors that have been asked. The sockets buffer their answers.
pub struct Questions {
    deadline: Instant,
    answers: Vec<Reading<QmpStatus>>,
    open: Vec<Monitor>,
}

impl Questions {
    /// Waits for the answers until the deadline; returns them in the order of the sockets.
    ///
    /// `Absent`: there is no socket, or nobody listens on it. `Unknown`: a process listens and did
    /// not answer as QEMU does. A monitor with another client never answers.
    pub fn answers(self) -> Vec<Reading<QmpStatus>> {
        let Self { deadline, mut answers, mut open } = self;
        while !open.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(left) = Timespec::try_from(left) else { break };
            let mut polled: Vec<_> =
                open.iter().map(|monitor| PollFd::new(&monitor.socket, PollFlags::IN)).collect();
            match poll(&mut polled, Some(&left)) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    let why = Unread::Failed(format!("wait for QMP monitors: {error}"));
                    for monitor in &open {
                        answers[monitor.index] = Reading::Unknown(why.clone());
                    }
                    break;
                }
            }
            let ready: Vec<_> = polled.iter().map(|polled| !polled.revents().is_empty()).collect();
            let mut ready = ready.into_iter();
            open.retain_mut(|monitor| {
                if !ready.next().unwrap_or(false) {
                    return true;
                }
                let answer = monitor.advance();
                answer.map(|answer| answers[monitor.index] = answer).is_none()
            });
        }
        answers
    }
}

/// A monitor that has not answered yet.
struct Monitor {
    index: usize,
    path: PathBuf,
    socket: OwnedFd,
    session: Session,
}

impl Monitor {
    /// Reads the received bytes.
    fn advance(&mut self) -> Option<Reading<QmpStatus>> {
        let path = &self.path;
        let mut chunk = [0_u8; 4096];
        let received = match recv(&self.socket, &mut chunk[..], RecvFlags::empty()) {
            Ok((0, _)) => return Some(failed(path, "closed without an answer")),
            Ok((count, _)) => count,
            Err(Errno::AGAIN | Errno::INTR) => return None,
            Err(error) => return Some(failed(path, &error.to_string())),
        };
        match self.session.take(&chunk[..received]) {
            Step::Wait => None,
            Step::Answer(status) => Some(Reading::Known(status)),
            Step::Done | Step::Console(_) => Some(failed(path, "answered without a status")),
            Step::Refused(why) => Some(failed(path, why)),
        }
    }
}

fn refused(path: &Path, unasked: Unasked) -> Reading<QmpStatus> {
    let error = match unasked {
        Unasked::System(error) => error,
        Unasked::Broker(why) => return Reading::Unknown(why),
        Unasked::Listener(user) => {
            return failed(
                path,
                &format!("user {user} listens on it, who does not run the machine"),
            );
        }
    };
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::CONNREFUSED => Reading::Absent,
        Errno::ACCESS | Errno::PERM => {
            Reading::Unknown(Unread::Denied(format!("connect to {}", path.display())))
        }
        Errno::AGAIN | Errno::INPROGRESS => failed(path, "busy with other clients"),
        Errno::NAMETOOLONG => failed(path, "its path is too long for a socket's address"),
        error => failed(path, &io::Error::from(error).to_string()),
    }
}

fn failed(path: &Path, why: &str) -> Reading<QmpStatus> {
    Reading::Unknown(Unread::Failed(format!("QMP monitor {}: {why}", path.display())))
}
