//! A worker process: its start, its socket and its end.

use std::{
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use vmkit_types::{bounded, escaped};
use vmkit_wire::{
    Account, FailureCode, FromWorker, Load, Needs, Receiver, ToWorker, WIRE_VERSION, WireError,
    send,
};

use super::end::End;
use crate::{
    Installation, Plugin, RunSettings, Snapshot,
    files::home_of,
    find::{WorkerProgram, trusting},
    worker_child::WorkerChild,
};

/// Most bytes that a worker may send in one call: all the facts of 10,000 machines fit.
const MOST_BYTES: usize = 32 << 20;

/// Longest text of a log line that is shown, in bytes.
const LOG_TEXT_LIMIT: usize = 4096;

/// Most log lines of one call: more than a person reads, and no flood.
const MOST_LOG_LINES: usize = 1000;

/// A running worker with its plugin loaded. Dropping it ends the process.
pub(crate) struct Worker {
    child: WorkerChild,
    socket: UnixStream,
    receiver: Receiver,
    log_lines: usize,
    /// Bytes that were received before the present call.
    received: usize,
    is_loaded: bool,
    /// The user whom it runs as, if that is not this process's.
    pub(super) account: Option<Account>,
    /// The home directory of that user.
    pub(super) home: Option<PathBuf>,
    /// What is not confined, in plain words, if something is not.
    pub(crate) unconfined: Option<String>,
}

impl Worker {
    /// Starts a worker and has it load `plugin` with this configuration.
    pub(crate) fn start(
        installation: &Installation,
        plugin: &Plugin,
        settings: &RunSettings,
        patience: Duration,
    ) -> Result<Self, End> {
        let deadline = Instant::now() + patience;
        let (socket, child) = spawn(&plugin.worker).map_err(|error| {
            End::error(format!("start {}: {error}", plugin.worker.path().display()))
        })?;
        let mut worker = Self {
            child: WorkerChild::new(child),
            socket,
            receiver: Receiver::default(),
            log_lines: 0,
            received: 0,
            is_loaded: false,
            account: installation.account,
            home: home_of(installation.account, settings.home.as_deref()),
            unconfined: None,
        };
        let load = worker.load(plugin, settings);
        let files = if load.path.is_none() { plugin.files() } else { Vec::new() };
        let load = ToWorker::Load(load);
        // A worker that never reads cannot hold up the host.
        worker.socket.set_write_timeout(Some(patience)).map_err(|error| End::wire(&error))?;
        send(&worker.socket, &load, &files).map_err(|error| worker.lost(error))?;
        loop {
            match worker.next(deadline) {
                Ok(FromWorker::Ready { confinement, unconfined, .. }) => {
                    tracing::debug!("{}: {}", plugin.manifest.id, escaped(&confinement));
                    worker.unconfined = unconfined.map(|what| escaped(&what));
                    worker.is_loaded = true;
                    return Ok(worker);
                }
                Ok(FromWorker::Failed { code, message }) => {
                    let hint = (code == FailureCode::NotConfined).then(|| {
                        trusting(&plugin.path, installation, &["--unconfined"]).to_string()
                    });
                    return Err(End { hint, ..End::failed(code, &message) });
                }
                Ok(FromWorker::Log { level, target, message }) => {
                    worker.log(level, &target, &message)?;
                }
                Ok(_) => return Err(End::protocol("an answer before it was asked")),
                Err(WireError::TimedOut) => return Err(End::timeout("loading", patience)),
                Err(error) => return Err(worker.lost(error)),
            }
        }
    }

    /// What the worker has to know before it loads the plugin.
    fn load(&self, plugin: &Plugin, settings: &RunSettings) -> Load {
        let RunSettings { configurations, snapshot, log_level, .. } = settings;
        let configuration = configurations.get(&plugin.manifest.id).map_or("{}", String::as_str);
        let by_path = cfg!(target_os = "macos").then(|| plugin.mapped_path().display().to_string());
        // A replay touches nothing but the files that it is handed.
        let needs = if snapshot.is_replayed() {
            Needs::default()
        } else {
            plugin.manifest.needs_here().clone()
        };
        Load {
            wire: WIRE_VERSION,
            configuration: configuration.to_owned(),
            needs,
            may_run_unconfined: plugin.origin.may_run_unconfined(),
            records: matches!(snapshot, Snapshot::Recording { .. }),
            account: self.account,
            path: by_path,
            program: plugin.manifest.program.clone(),
            log_level: *log_level,
            host_pid: std::process::id(),
        }
    }

    /// Begins a call: its bytes and log lines are counted anew.
    pub(super) fn begin(&mut self) {
        self.received = self.receiver.received();
        self.log_lines = 0;
    }

    pub(super) fn check_bytes(&self) -> Result<(), End> {
        if self.receiver.received() - self.received > MOST_BYTES {
            return Err(End::flood("it sent more than 32 MiB"));
        }
        Ok(())
    }

    /// The socket, for what follows one another fast.
    pub(super) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    pub(super) fn next(&mut self, deadline: Instant) -> Result<FromWorker, WireError> {
        self.receiver.receive(&self.socket, Some(deadline))
    }

    pub(super) fn say(
        &mut self,
        message: &ToWorker,
        descriptor: Option<&OwnedFd>,
    ) -> Result<(), End> {
        let descriptors: Vec<_> = descriptor.into_iter().map(|d| d.as_fd()).collect();
        send(&self.socket, message, &descriptors).map_err(|error| self.lost(error))
    }

    pub(super) fn log(&mut self, level: u32, target: &str, message: &str) -> Result<(), End> {
        log(level, target, message);
        self.log_lines += 1;
        if self.log_lines > MOST_LOG_LINES {
            return Err(End::flood("it logged more than 1000 lines"));
        }
        self.check_bytes()
    }

    /// Why the process ended, once its socket fails.
    pub(super) fn lost(&mut self, error: WireError) -> End {
        match error {
            WireError::Closed => {
                // A process that is dying already keeps the cause of its death; one that closed
                // its socket and lives on is ended here.
                match self.child.end() {
                    Ok(status) => End::died(status, self.is_loaded),
                    Err(error) => End::wire(&error),
                }
            }
            WireError::Garbage(_) | WireError::TooLong(_) => {
                End::protocol(&format!("it sent {error}"))
            }
            error => End::error(format!("talking to the worker: {error}")),
        }
    }
}

/// Starts the program. Its standard input is the socket; what a plugin prints goes nowhere; a
/// Ctrl-C reaches `vm` alone, and workers end with it.
fn spawn(program: &WorkerProgram) -> io::Result<(UnixStream, Child)> {
    let (ours, theirs) = UnixStream::pair()?;
    let child = program
        .command()
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok((ours, child))
}

fn log(level: u32, target: &str, message: &str) {
    // A plugin can write to the socket without its worker, which bounds texts as well.
    let [target, message] = [target, message].map(|text| escaped(bounded(text, LOG_TEXT_LIMIT)));
    match level {
        1 => tracing::error!(target: "plugin", "{target}: {message}"),
        2 => tracing::warn!(target: "plugin", "{target}: {message}"),
        3 => tracing::info!(target: "plugin", "{target}: {message}"),
        _ => tracing::debug!(target: "plugin", "{target}: {message}"),
    }
}
