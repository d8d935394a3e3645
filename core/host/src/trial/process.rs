//! The worker of an exercise.

use std::{
    io,
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::ExitStatusExt as _},
    },
    time::{Duration, Instant},
};

use vmkit_types::escaped;
use vmkit_wire::{
    Account, FromWorker, Load, Needs, Receiver, ToWorker, WIRE_VERSION, WireError, send,
};

use super::record::{Exercise, Loaded};
use crate::{Plugin, worker_child::WorkerChild};

/// How long loading may take: a busy computer takes many times as long as an idle one, and only a plugin
/// that hangs takes this long.
const LOADING: Duration = Duration::from_secs(20);
/// The level of log lines that count: warnings and worse, as in an ordinary run.
const WARNINGS: u32 = 2;

/// The worker's process and its socket. Dropping it ends the process.
pub(super) struct Worker {
    child: WorkerChild,
    pub(super) socket: UnixStream,
    pub(super) receiver: Receiver,
}

impl Worker {
    /// Starts it with these ends for what it prints.
    pub(super) fn start(plugin: &Plugin, (stdout, stderr): (OwnedFd, OwnedFd)) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        // A worker that never reads cannot hold up the host.
        socket.set_write_timeout(Some(LOADING))?;
        let mut command = plugin.worker.command();
        command.env_clear().current_dir("/").stdin(OwnedFd::from(theirs));
        let child = WorkerChild::new(command.stdout(stdout).stderr(stderr).spawn()?);
        Ok(Self { child, socket, receiver: Receiver::default() })
    }

    /// Has it load the plugin.
    pub(super) fn load(
        &mut self,
        plugin: &Plugin,
        account: Option<Account>,
        exercise: &Exercise,
    ) -> Loaded {
        let by_path = cfg!(target_os = "macos").then(|| plugin.mapped_path().display().to_string());
        let needs = plugin.manifest.needs_here();
        let load = Load {
            wire: WIRE_VERSION,
            configuration: exercise.configuration.clone(),
            needs: if exercise.of_snapshot { Needs::default() } else { needs.clone() },
            may_run_unconfined: plugin.origin.may_run_unconfined(),
            records: false,
            account,
            path: by_path,
            program: plugin.manifest.program.clone(),
            log_level: WARNINGS,
            host_pid: std::process::id(),
        };
        let files = if load.path.is_none() { plugin.files() } else { Vec::new() };
        if let Err(error) = send(&self.socket, &ToWorker::Load(load), &files) {
            return Loaded::Died(self.lost(&error));
        }
        let deadline = Instant::now() + LOADING;
        loop {
            match self.receiver.receive(&self.socket, Some(deadline)) {
                Ok(FromWorker::Ready { offers, .. }) => return Loaded::Ready(offers),
                Ok(FromWorker::Failed { code, message }) => {
                    return Loaded::Failed(code, escaped(&message));
                }
                Ok(FromWorker::Log { .. }) => {}
                Ok(_) => return Loaded::Died("it answered before it was asked".to_owned()),
                Err(WireError::TimedOut) => return Loaded::Overdue,
                Err(error) => return Loaded::Died(self.lost(&error)),
            }
        }
    }

    /// How many threads the process has; `None`: nobody can see them here.
    pub(super) fn threads(&self) -> Option<usize> {
        let tasks = format!("/proc/{}/task", self.child.id());
        cfg!(target_os = "linux").then(|| Some(std::fs::read_dir(tasks).ok()?.count())).flatten()
    }

    /// Why the process ended, once its socket fails.
    pub(super) fn lost(&mut self, error: &WireError) -> String {
        match (error, self.child.end()) {
            (WireError::Closed, Ok(status)) => match (status.signal(), status.code()) {
                (Some(signal), _) => format!("its process died of signal {signal}"),
                (None, code) => {
                    format!("its process ended by itself with status {}", code.unwrap_or_default())
                }
            },
            (error, _) => escaped(&error.to_string()),
        }
    }
}
