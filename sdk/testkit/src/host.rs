//! A host that lives in the test.

use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    io,
    os::fd::IntoRawFd,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use vmkit_abi::{
    self as abi, ErrorCode, HostApi, HostApi_TO, HostRef, Level, Question, Resource, SignalBox,
    stable::{ROption, RRef, RResult, RSlice, RStr, RString, RVec, TD_Opaque},
};
use vmkit_plugin::{
    AdviceSource, ArpAnswer, Cx, Error, Fact, Inventory, ListedMachine, ProcessAnswer, Signal,
    Stage, Subject, Unread,
};

use crate::{
    answers::{Answers, Refused},
    files::{listed, new_file, opened},
    observation::{attribute, machine_in, observation_in, subject_out},
    report::{LogLine, Report},
};

/// A signal for several calls, as a worker keeps it; or why it could not be made.
///
/// ```
/// use vmkit_testkit::Made;
/// # use vmkit_plugin::{Cx, NoConfig, Plugin, Result, Signal, Subject};
/// # struct Quiet;
/// # impl Plugin for Quiet {
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self> { Ok(Self) }
/// # }
/// # impl Signal for Quiet {
/// #     fn observe(&self, _: &[Subject], _: &Cx<'_>) -> Result<()> { Ok(()) }
/// # }
///
/// let _kept_for_several_calls = Made::signal::<Quiet>("{}");
/// ```
pub struct Made(Result<SignalBox, abi::Error>);

impl Made {
    /// Makes the signal from this configuration.
    pub fn signal<P: Signal>(configuration: &str) -> Self {
        Self(vmkit_plugin::export::make_signal::<P>(configuration.into()).into_result())
    }
}

/// A host with a clock of its own. Time passes only when the plugin asks how much is left until its
/// deadline, one millisecond each time.
///
/// ```
/// use vmkit_testkit::FakeHost;
/// # use vmkit_plugin::{Cx, Kind, NoConfig, Observation, Plugin, Result, Signal, Subject};
/// # struct Lucky;
/// # impl Plugin for Lucky {
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self> { Ok(Self) }
/// # }
/// # impl Signal for Lucky {
/// #     fn observe(&self, _: &[Subject], cx: &Cx<'_>) -> Result<()> {
/// #         cx.emit(Observation::new(0, Kind::LeaseCurrent, "I know").at([192, 168, 1, 7]))
/// #     }
/// # }
///
/// let report = FakeHost::new().observe::<Lucky>("{}", &[Subject::default()]);
/// assert_eq!(report.lines(), ["0 lease-current 192.168.1.7 I know"]);
/// ```
pub struct FakeHost {
    stage: Stage,
    source: abi::Source,
    now: SystemTime,
    artefacts: HashMap<String, PathBuf>,
    remaining_ms: AtomicU64,
    cancelled: AtomicBool,
    cancel_after: Option<usize>,
    pub(crate) consoles: HashMap<usize, PathBuf>,
    /// By socket and request.
    pub(crate) local_apis: HashMap<String, Result<PathBuf, Refused>>,
    answers: Answers,
    /// Answers to the open question that are not yet taken, or why there are none.
    open_question: Mutex<Result<VecDeque<RVec<abi::Attribute>>, Refused>>,
    recording: Option<PathBuf>,
    tree: Option<PathBuf>,
    pub(crate) files: Vec<tempfile::NamedTempFile>,
    emitted: Mutex<Vec<abi::Observation>>,
    log: Mutex<Vec<LogLine>>,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self {
            stage: Stage::Discover,
            source: abi::Source::LIVE,
            now: SystemTime::UNIX_EPOCH,
            artefacts: HashMap::new(),
            remaining_ms: AtomicU64::new(1_000_000),
            cancelled: AtomicBool::new(false),
            cancel_after: None,
            consoles: HashMap::new(),
            local_apis: HashMap::new(),
            answers: Answers::default(),
            open_question: Mutex::new(Ok(VecDeque::new())),
            recording: None,
            tree: None,
            files: Vec::new(),
            emitted: Mutex::default(),
            log: Mutex::default(),
        }
    }
}

impl FakeHost {
    /// A host that discovers, with enough time and without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for this stage.
    #[must_use]
    pub fn at_stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// Makes this time the present.
    #[must_use]
    pub fn at_time(mut self, now: SystemTime) -> Self {
        self.now = now;
        self
    }

    /// Replays a snapshot that has this file as the artefact of this name; add further ones likewise.
    #[must_use]
    pub fn with_artefact_file(mut self, name: &str, path: impl AsRef<Path>) -> Self {
        self.source = abi::Source::SNAPSHOT;
        self.artefacts.insert(name.to_owned(), path.as_ref().to_owned());
        self
    }

    /// Leaves this much time until the deadline.
    #[must_use]
    pub fn with_budget(self, budget: Duration) -> Self {
        let budget = u64::try_from(budget.as_millis()).unwrap_or(u64::MAX);
        self.remaining_ms.store(budget, Ordering::Relaxed);
        self
    }

    /// Cancels the call once it has reported this many observations.
    #[must_use]
    pub fn cancelling_after(mut self, observations: usize) -> Self {
        self.cancel_after = Some(observations);
        self.cancelled.store(observations == 0, Ordering::Relaxed);
        self
    }

    /// Serves this file as the console of machine `vm`.
    #[must_use]
    pub fn with_console_file(mut self, vm: usize, path: impl AsRef<Path>) -> Self {
        self.consoles.insert(vm, path.as_ref().to_owned());
        self
    }

    /// Answers for the guest agent of machine `vm`, whatever the command.
    #[must_use]
    pub fn with_guest_agent(mut self, vm: usize, reply: Result<&str, Unread>) -> Self {
        self.answers.agents.insert(vm, reply.map(ToOwned::to_owned));
        self
    }

    /// Gives this answer to whoever asks by ARP for its address. Without any, the right to ask is
    /// missing.
    #[must_use]
    pub fn with_arp(mut self, answer: ArpAnswer) -> Self {
        self.answers.arp.push(answer);
        self
    }

    /// Shows the files below this directory as the files of the computer: `/etc/x` is `etc/x` there.
    /// The user's home directory is `/home/ann`.
    #[must_use]
    pub fn with_tree(mut self, directory: impl AsRef<Path>) -> Self {
        self.tree = Some(directory.as_ref().to_owned());
        self
    }

    /// Shows this process to whoever asks for processes; add further ones likewise.
    #[must_use]
    pub fn with_process(mut self, process: ProcessAnswer) -> Self {
        self.answers.processes.push(process);
        self
    }

    /// Records a snapshot below this directory.
    #[must_use]
    pub fn recording_to(mut self, directory: impl AsRef<Path>) -> Self {
        self.source = abi::Source::RECORDING;
        self.recording = Some(directory.as_ref().to_owned());
        self
    }

    /// Makes the signal from this configuration and calls it for these machines.
    pub fn observe<P: Signal>(&self, configuration: &str, vms: &[Subject]) -> Report {
        self.ask(&Made::signal::<P>(configuration), vms)
    }

    /// Calls a signal that this host or another may have called before.
    pub fn ask(&self, signal: &Made, vms: &[Subject]) -> Report {
        let result = signal.0.as_ref().map_err(Clone::clone).and_then(|signal| {
            let vms: Vec<_> = vms.iter().map(subject_out).collect();
            signal.observe(RSlice::from_slice(&vms), self.lend()).into_result()
        });
        Report {
            observations: lock(&self.emitted).drain(..).map(|seen| observation_in(&seen)).collect(),
            log: lock(&self.log).drain(..).collect(),
            result: result.map_err(Error::from),
        }
    }

    /// Makes the inventory and lists its machines.
    pub fn list<P: Inventory>(&self, configuration: &str) -> Result<Vec<ListedMachine>, Error> {
        let machines = vmkit_plugin::export::make_inventory::<P>(configuration.into())
            .into_result()
            .and_then(|inventory| inventory.list(self.lend()).into_result())?;
        Ok(machines.into_iter().map(machine_in).collect())
    }

    /// Makes the advice source and gives it these facts; the answer as the interface carries it.
    pub fn advise<P: AdviceSource>(
        &self,
        configuration: &str,
        facts: &[Fact],
    ) -> Result<Vec<abi::Advice>, Error> {
        let facts: Vec<_> = facts
            .iter()
            .map(|fact| abi::Fact {
                key: fact.key.as_str().into(),
                value: fact.value.as_str().into(),
                ext: RVec::new(),
            })
            .collect();
        vmkit_plugin::export::make_advice::<P>(configuration.into())
            .into_result()
            .and_then(|source| source.advise(RSlice::from_slice(&facts), self.lend()).into_result())
            .map(RVec::into_vec)
            .map_err(Error::from)
    }

    /// The context of a call, for parts of a plugin that use it.
    pub fn context(&self) -> Cx<'_> {
        Cx::new(self.lend())
    }

    fn lend(&self) -> HostRef<'_> {
        HostApi_TO::from_ptr(RRef::new(self), TD_Opaque)
    }
}

impl HostApi for FakeHost {
    fn emit(&self, observations: RVec<abi::Observation>) -> bool {
        let mut emitted = lock(&self.emitted);
        emitted.extend(observations);
        if self.cancel_after.is_some_and(|limit| emitted.len() >= limit) {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        true
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn remaining_ms(&self) -> u64 {
        let tick = |left: u64| Some(left.saturating_sub(1));
        // The closure always gives a value, so both arms hold the time that was left.
        match self.remaining_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, tick) {
            Ok(left) | Err(left) => left,
        }
    }

    fn stage(&self) -> abi::Stage {
        match self.stage {
            Stage::Discover => abi::Stage::DISCOVER,
            Stage::Confirm => abi::Stage::CONFIRM,
        }
    }

    fn source(&self) -> abi::Source {
        self.source
    }

    fn now_ms(&self) -> i64 {
        let since_epoch = self.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }

    fn artefacts(&self) -> RVec<RString> {
        let mut names: Vec<&String> = self.artefacts.keys().collect();
        names.sort();
        names.into_iter().map(|name| name.as_str().into()).collect()
    }

    fn log_enabled(&self, _: Level, _: RStr<'_>) -> bool {
        true
    }

    fn log(&self, level: Level, _: RStr<'_>, message: RStr<'_>) {
        lock(&self.log).push(LogLine { level: level.0, message: message.to_string() });
    }

    fn open(&self, resource: Resource, argument: RStr<'_>) -> RResult<i32, abi::Error> {
        let refuse = |code, message: String| {
            RResult::RErr(abi::Error { code, message: message.into(), ext: RVec::new() })
        };
        if resource == Resource::FILES {
            return match listed(self.tree.as_deref(), argument.as_str()) {
                Ok(stream) => RResult::ROk(stream.into_raw_fd()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    refuse(ErrorCode::NOT_FOUND, error.to_string())
                }
                Err(error) => refuse(ErrorCode::IO, format!("list {argument}: {error}")),
            };
        }
        if resource == Resource::FILE {
            return match opened(self.tree.as_deref(), argument.as_str()) {
                Ok(file) => RResult::ROk(file.into_raw_fd()),
                Err((code, message)) => refuse(code, message),
            };
        }
        let of_machine = |paths: &HashMap<usize, PathBuf>| {
            argument.as_str().parse().ok().and_then(|vm: usize| paths.get(&vm).cloned())
        };
        let path = match resource {
            Resource::CONSOLE => of_machine(&self.consoles),
            Resource::LOCAL_API => match self.local_apis.get(argument.as_str()) {
                Some(Err((code, message))) => return refuse(*code, message.clone()),
                answer => answer.and_then(|answer| answer.as_ref().ok().cloned()),
            },
            Resource::ARTEFACT => self.artefacts.get(argument.as_str()).cloned(),
            Resource::RECORDING => self.recording.as_ref().map(|below| below.join(&*argument)),
            _ => None,
        };
        let Some(path) = path else {
            return refuse(ErrorCode::NOT_FOUND, "the fake host has no such file".to_owned());
        };
        let opened = match resource {
            Resource::RECORDING => new_file(&path).map(IntoRawFd::into_raw_fd),
            _ => File::open(&path).map(IntoRawFd::into_raw_fd),
        };
        match opened {
            Ok(descriptor) => RResult::ROk(descriptor),
            Err(error) => refuse(ErrorCode::IO, format!("open {}: {error}", path.display())),
        }
    }

    fn ask(&self, question: Question, words: RVec<RString>) -> RResult<(), abi::Error> {
        let words: Vec<&str> = words.iter().map(RString::as_str).collect();
        let answers = self.answers.to(question, &words).map(|answers| {
            let pairs = |(key, value): (String, String)| attribute(&key, &value);
            let answers = answers.into_iter();
            answers.map(|answer| answer.into_iter().map(pairs).collect()).collect()
        });
        *self.open_question.lock().unwrap_or_else(PoisonError::into_inner) = answers;
        RResult::ROk(())
    }

    fn answer(&self) -> RResult<ROption<RVec<abi::Attribute>>, abi::Error> {
        match &mut *self.open_question.lock().unwrap_or_else(PoisonError::into_inner) {
            Ok(answers) => RResult::ROk(answers.pop_front().into()),
            Err((code, message)) => {
                let message = message.as_str().into();
                RResult::RErr(abi::Error { code: *code, message, ext: RVec::new() })
            }
        }
    }
}

/// Locks a list that a plugin may have left by a panic: the list is intact.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
