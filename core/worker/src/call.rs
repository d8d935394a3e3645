//! One call, and the host as the plugin sees it.

use std::{
    os::{
        fd::{IntoRawFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use vmkit_abi::{
    Error, ErrorCode, HostApi, Level, Observation, Resource, Source, Stage,
    stable::{RResult, RStr, RString, RVec},
};
use vmkit_wire::{Advise, FromWorker, Observe, Opened, WireError, WireObservation};

/// Most observations in one frame, which keeps a frame far below its limit.
const FRAME_OBSERVATIONS: usize = 256;

/// Longest text of an observation or log line that is passed on, in bytes. This keeps frames below their
/// limit; the host has smaller limits of its own.
const TEXT_LIMIT: usize = 4096;

/// Most attributes of an observation that are passed on.
const ATTRIBUTE_LIMIT: usize = 16;

type Answer = (Opened, Option<OwnedFd>);

/// The worker's end of the socket, shared by the threads that send and the one that receives.
pub(crate) struct Channel {
    socket: UnixStream,
    sending: Mutex<()>,
    log_level: u32,
    cancelled: AtomicBool,
    asking: Mutex<()>,
    answers: (mpsc::Sender<Answer>, Mutex<mpsc::Receiver<Answer>>),
}

impl Channel {
    pub(crate) fn new(socket: UnixStream, log_level: u32) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self {
            socket,
            sending: Mutex::new(()),
            log_level,
            cancelled: AtomicBool::new(false),
            asking: Mutex::new(()),
            answers: (sender, Mutex::new(receiver)),
        }
    }

    pub(crate) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    pub(crate) fn send(&self, message: &FromWorker) -> Result<(), WireError> {
        // A poisoned lock is harmless: the lock guards one `send`, which does not panic.
        let _one_at_a_time = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        vmkit_wire::send(&self.socket, message, &[])
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn opened(&self, opened: Opened, descriptor: Option<OwnedFd>) {
        // This cannot fail, because the receiver lives as long as this channel.
        self.answers.0.send((opened, descriptor)).ok();
    }

    fn ask(&self, question: &FromWorker, patience: Duration) -> Result<Answer, Error> {
        let _one_question = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        self.send(question).map_err(|error| failure(ErrorCode::IO, &error.to_string()))?;
        let answers = self.answers.1.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .recv_timeout(patience)
            .map_err(|_| failure(ErrorCode::TIMED_OUT, "the host did not answer in time"))
    }
}

/// One call of the plugin.
pub(crate) struct Call {
    channel: Arc<Channel>,
    deadline: Instant,
    stage: Stage,
    source: Source,
    now_ms: i64,
    artefacts: Vec<String>,
}

impl Call {
    /// A call of an advice plugin, which gets facts and has nothing else to look at.
    pub(crate) fn of_advice(channel: Arc<Channel>, advise: &Advise) -> Self {
        channel.cancelled.store(false, Ordering::Relaxed);
        let deadline = Instant::now() + Duration::from_millis(advise.budget_ms);
        Self {
            channel,
            deadline,
            stage: Stage::DISCOVER,
            source: Source::SNAPSHOT,
            now_ms: advise.now_ms,
            artefacts: Vec::new(),
        }
    }

    /// A call of a signal.
    pub(crate) fn new(channel: Arc<Channel>, observe: &Observe) -> Self {
        channel.cancelled.store(false, Ordering::Relaxed);
        let stage = match observe.stage {
            vmkit_types::Stage::Discover => Stage::DISCOVER,
            vmkit_types::Stage::Confirm => Stage::CONFIRM,
        };
        let source = match observe.source {
            vmkit_types::Source::Live => Source::LIVE,
            vmkit_types::Source::Recording => Source::RECORDING,
            vmkit_types::Source::Snapshot => Source::SNAPSHOT,
        };
        let deadline = Instant::now() + Duration::from_millis(observe.budget_ms);
        let artefacts = observe.artefacts.clone();
        Self { channel, deadline, stage, source, now_ms: observe.now_ms, artefacts }
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

impl HostApi for Call {
    fn emit(&self, observations: RVec<Observation>) -> bool {
        let items: Vec<_> = observations.into_iter().map(observation_out).collect();
        items.chunks(FRAME_OBSERVATIONS).all(|items| {
            self.channel.send(&FromWorker::Observations { items: items.to_vec() }).is_ok()
        })
    }

    fn cancelled(&self) -> bool {
        self.channel.cancelled.load(Ordering::Relaxed)
    }

    fn remaining_ms(&self) -> u64 {
        u64::try_from(self.remaining().as_millis()).unwrap_or(u64::MAX)
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn source(&self) -> Source {
        self.source
    }

    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn artefacts(&self) -> RVec<RString> {
        self.artefacts.iter().map(|name| name.as_str().into()).collect()
    }

    fn log_enabled(&self, level: Level, _: RStr<'_>) -> bool {
        level.0 <= self.channel.log_level
    }

    fn log(&self, level: Level, target: RStr<'_>, message: RStr<'_>) {
        let line = FromWorker::Log {
            level: level.0,
            target: bounded(target.as_str()),
            message: bounded(message.as_str()),
        };
        // A log line that cannot be delivered is lost.
        self.channel.send(&line).ok();
    }

    fn open(&self, resource: Resource, argument: RStr<'_>) -> RResult<i32, Error> {
        let resource = match resource {
            Resource::CONSOLE => vmkit_wire::Resource::Console,
            Resource::ARTEFACT => vmkit_wire::Resource::Artefact,
            Resource::RECORDING => vmkit_wire::Resource::Recording,
            Resource::GUEST_AGENT => vmkit_wire::Resource::GuestAgent,
            Resource::RAW_SOCKET => vmkit_wire::Resource::RawSocket,
            _ => vmkit_wire::Resource::Unknown,
        };
        let question = FromWorker::Open { resource, argument: bounded(argument.as_str()) };
        match self.channel.ask(&question, self.remaining()) {
            Ok((Opened { refusal: None }, Some(descriptor))) => {
                RResult::ROk(descriptor.into_raw_fd())
            }
            Ok((Opened { refusal: Some(refusal) }, _)) => {
                let code = match (refusal.denied, refusal.not_found) {
                    (true, _) => ErrorCode::DENIED,
                    (_, true) => ErrorCode::NOT_FOUND,
                    _ => ErrorCode::IO,
                };
                RResult::RErr(failure(code, &refusal.message))
            }
            Ok((Opened { refusal: None }, None)) => {
                RResult::RErr(failure(ErrorCode::IO, "the host's answer lacks its descriptor"))
            }
            Err(error) => RResult::RErr(error),
        }
    }
}

fn failure(code: ErrorCode, message: &str) -> Error {
    Error { code, message: message.into(), ext: RVec::new() }
}

pub(crate) fn bounded(text: &str) -> String {
    vmkit_types::bounded(text, TEXT_LIMIT).to_owned()
}

fn observation_out(seen: Observation) -> WireObservation {
    WireObservation {
        vm: seen.vm,
        kind: bounded(&seen.kind),
        address: seen.address.map(|address| bounded(&address)).into_option(),
        mac: seen.mac.map(|mac| bounded(&mac)).into_option(),
        age_ms: seen.age_ms.into_option(),
        says: bounded(&seen.says),
        attributes: seen
            .ext
            .iter()
            .take(ATTRIBUTE_LIMIT)
            .map(|attribute| (bounded(&attribute.key), bounded(&attribute.value)))
            .collect(),
    }
}
