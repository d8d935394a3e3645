//! One worker process: start it, ask it, end it.

mod call;
mod end;

use std::{
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    process::{Child, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use vmkit_types::{bounded, escaped};
use vmkit_wire::{
    Account, Advise, Answer, Answered, FailureCode, FromWorker, Load, Needs, Opened, Question,
    Receiver, Refusal, Resource, ToWorker, WIRE_VERSION, WireAdvice, WireError, send,
};

pub(crate) use call::{Call, Received};
pub(crate) use end::End;

use crate::{
    Installation, Plugin, RunSettings, Snapshot, broker, declared_files,
    find::{WorkerProgram, trusting},
    proxy::Proxy,
    stamp,
};

/// How long a cancelled plugin may take to return before its process is killed. Plugins check for
/// cancellation in every loop, and the answer waits for this.
const CANCEL_GRACE: Duration = Duration::from_millis(50);

/// Most facts of one call: a few per machine and source are plausible, and memory stays bounded.
fn most_observations(batch: usize) -> usize {
    1024 + 64 * batch
}

/// Most files that may be opened for one call: the log, the answer and the record of each machine, and
/// each file of a snapshot.
fn most_files(call: &Call<'_>) -> usize {
    64 + 4 * call.subjects.len() + 2 * call.snapshot.names().count()
}

/// Most bytes that a worker may send in its life: all the facts of 10,000 machines fit.
const MOST_BYTES: usize = 32 << 20;

/// Longest text of a log line that is shown, in bytes.
const LOG_TEXT_LIMIT: usize = 4096;

/// Most log lines in a worker's life: more than a person reads, and no flood.
const MOST_LOG_LINES: usize = 1000;

/// Why an advice source gets nothing else.
const FACTS_ONLY: &str = "an advice source is given facts and no files";

/// A running worker with its plugin loaded. Dropping it ends the process.
pub(crate) struct Worker {
    child: Child,
    socket: UnixStream,
    receiver: Receiver,
    log_lines: usize,
    is_reaped: bool,
    proxy: Proxy,
    is_loaded: bool,
    /// The user whom it runs as, if that is not this process's.
    account: Option<Account>,
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
            child,
            socket,
            receiver: Receiver::default(),
            log_lines: 0,
            is_reaped: false,
            proxy: Proxy::default(),
            is_loaded: false,
            account: installation.account,
            unconfined: None,
        };
        let load = worker.load(plugin, settings);
        let library = [plugin.file.as_fd()];
        let descriptors = if load.path.is_none() { &library[..] } else { &[] };
        let load = ToWorker::Load(load);
        // A worker that never reads cannot hold up the host.
        worker.socket.set_write_timeout(Some(patience)).map_err(|error| End::wire(&error))?;
        send(&worker.socket, &load, descriptors).map_err(|error| worker.lost(error))?;
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
            log_level: *log_level,
            host_pid: std::process::id(),
        }
    }

    /// Makes one call. Facts that came before a failure are kept, unless the plugin broke the protocol.
    pub(crate) fn observe(
        &mut self,
        plugin: &Plugin,
        call: &Call<'_>,
    ) -> (Vec<Received>, Result<(), End>) {
        let mut facts = Vec::new();
        let outcome = self.converse(plugin, call, &mut facts);
        if outcome.as_ref().is_err_and(|end| end.discredits) {
            facts.clear();
        }
        (facts, outcome)
    }

    fn converse(
        &mut self,
        plugin: &Plugin,
        call: &Call<'_>,
        facts: &mut Vec<Received>,
    ) -> Result<(), End> {
        let deadline = Instant::now() + call.budget;
        self.proxy.begin();
        self.say(&ToWorker::Observe(call.question(plugin)), None)?;
        let (mut cancelled, replays) = (false, call.snapshot.is_replayed());
        let (mut files, most) = (0, most_files(call));
        loop {
            let until = if cancelled { deadline + CANCEL_GRACE } else { deadline };
            match self.next(until) {
                Ok(FromWorker::Observations { items }) => {
                    let received_at = call.snapshot.received_at(&plugin.manifest, call.stage);
                    for seen in items {
                        let fact =
                            stamp::checked(&seen, call.subjects.len(), &plugin.manifest, replays)
                                .map_err(|what| End::protocol(&format!("it reported {what}")))?;
                        facts.push((received_at, fact));
                    }
                    self.check_flood(facts.len(), call.subjects.len())?;
                }
                Ok(FromWorker::Log { level, target, message }) => {
                    self.log(level, &target, &message)?;
                }
                Ok(FromWorker::Open { resource, argument }) => {
                    files += 1;
                    if files > most {
                        return Err(End::protocol(&format!("it asked for more than {most} files")));
                    }
                    let opened = self.open(plugin, call, resource, &argument);
                    let (opened, refusal) = match opened {
                        Ok(opened) => (Some(opened), None),
                        Err(refusal) => (None, Some(refusal)),
                    };
                    self.say(&ToWorker::Opened(Opened { refusal }), opened.as_ref())?;
                }
                Ok(FromWorker::Ask { question, number, words }) => {
                    self.answer(plugin, call, (question, number, &words), deadline)?;
                }
                Ok(FromWorker::Done) => return Ok(()),
                Ok(FromWorker::Failed { code, message }) => {
                    return Err(End::failed(code, &message));
                }
                Ok(FromWorker::Ready { .. }) => return Err(End::protocol("it started twice")),
                Ok(FromWorker::Advice { .. }) => {
                    return Err(End::protocol("it gave advice that was not asked for"));
                }
                Err(WireError::TimedOut) if !cancelled => {
                    cancelled = true;
                    self.say(&ToWorker::Cancel, None)?;
                }
                Err(WireError::TimedOut) => return Err(End::timeout("its call", call.budget)),
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Answers a question of the plugin. Meanwhile the plugin waits, so no other frame is read.
    fn answer(
        &mut self,
        plugin: &Plugin,
        call: &Call<'_>,
        (question, number, words): (Question, u32, &[String]),
        deadline: Instant,
    ) -> Result<(), End> {
        let askable = call.askable(plugin);
        let mut sent = Ok(());
        let say = |attributes| {
            let answer = ToWorker::Answer(Answer { number, attributes });
            if sent.is_ok() {
                sent = send(&self.socket, &answer, &[]);
            }
        };
        let outcome = self.proxy.answer(askable, question, words, deadline, say);
        sent.map_err(|error| self.lost(error))?;
        let refusal = outcome.err();
        self.say(&ToWorker::Answered(Answered { number, refusal }), None)
    }

    /// Opens something for the plugin.
    fn open(
        &self,
        plugin: &Plugin,
        call: &Call<'_>,
        resource: Resource,
        argument: &str,
    ) -> Result<OwnedFd, Refusal> {
        let needs = plugin.manifest.needs_here();
        match resource {
            Resource::File | Resource::Files if call.snapshot.is_replayed() => {
                Err(Refusal::not_found("a snapshot is replayed: nothing else is read"))
            }
            Resource::File => declared_files::open(argument, needs, self.account),
            Resource::Files => declared_files::list(argument, needs, self.account),
            _ => broker::open(call.grants(plugin), resource, argument),
        }
    }

    /// Asks an advice source what follows from these facts.
    pub(crate) fn advise(&mut self, question: Advise) -> Result<Vec<WireAdvice>, End> {
        let budget = Duration::from_millis(question.budget_ms);
        let deadline = Instant::now() + budget;
        self.say(&ToWorker::Advise(question), None)?;
        let (mut advice, mut cancelled) = (Vec::new(), false);
        loop {
            let until = if cancelled { deadline + CANCEL_GRACE } else { deadline };
            match self.next(until) {
                Ok(FromWorker::Advice { items }) if advice.is_empty() => advice = items,
                Ok(FromWorker::Log { level, target, message }) => {
                    self.log(level, &target, &message)?;
                }
                Ok(FromWorker::Open { .. }) => {
                    let refusal = Some(Refusal::denied(FACTS_ONLY));
                    self.say(&ToWorker::Opened(Opened { refusal }), None)?;
                }
                Ok(FromWorker::Ask { number, .. }) => {
                    let refusal = Some(Refusal::denied(FACTS_ONLY));
                    self.say(&ToWorker::Answered(Answered { number, refusal }), None)?;
                }
                Ok(FromWorker::Done) => return Ok(advice),
                Ok(FromWorker::Failed { code, message }) => {
                    return Err(End::failed(code, &message));
                }
                Ok(_) => return Err(End::protocol("an answer that was not asked for")),
                Err(WireError::TimedOut) if !cancelled => {
                    cancelled = true;
                    self.say(&ToWorker::Cancel, None)?;
                }
                Err(WireError::TimedOut) => return Err(End::timeout("its call", budget)),
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    fn check_flood(&self, facts: usize, batch: usize) -> Result<(), End> {
        let most = most_observations(batch);
        if facts > most {
            return Err(End::flood(&format!("it reported more than {most} facts")));
        }
        self.check_bytes()
    }

    fn check_bytes(&self) -> Result<(), End> {
        if self.receiver.received() > MOST_BYTES {
            return Err(End::flood("it sent more than 32 MiB"));
        }
        Ok(())
    }

    fn next(&mut self, deadline: Instant) -> Result<FromWorker, WireError> {
        self.receiver.receive(&self.socket, Some(deadline))
    }

    fn say(&mut self, message: &ToWorker, descriptor: Option<&OwnedFd>) -> Result<(), End> {
        let descriptors: Vec<_> = descriptor.into_iter().map(|d| d.as_fd()).collect();
        send(&self.socket, message, &descriptors).map_err(|error| self.lost(error))
    }

    fn log(&mut self, level: u32, target: &str, message: &str) -> Result<(), End> {
        log(level, target, message);
        self.log_lines += 1;
        if self.log_lines > MOST_LOG_LINES {
            return Err(End::flood("it logged more than 1000 lines"));
        }
        self.check_bytes()
    }

    /// Ends the process and those that it has started. They are in its group, which its list of system
    /// calls keeps them from leaving on Linux.
    fn kill(&mut self) -> io::Result<ExitStatus> {
        // Once the process is waited for, its number may be another's.
        if !self.is_reaped {
            let group = rustix::process::Pid::from_child(&self.child);
            // Without a group yet the process is alone.
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
            self.child.kill().ok();
            self.is_reaped = true;
        }
        self.child.wait()
    }

    /// Why the process ended, once its socket fails.
    fn lost(&mut self, error: WireError) -> End {
        match error {
            WireError::Closed => {
                // A process that is dying already keeps the cause of its death; one that closed
                // its socket and lives on is ended here.
                match self.kill() {
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

impl Drop for Worker {
    fn drop(&mut self) {
        // Killed rather than asked to exit: no exit handler of a plugin is needed.
        self.kill().ok();
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
