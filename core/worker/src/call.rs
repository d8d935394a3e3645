//! One call, and the host as the plugin sees it.

use std::{
    os::fd::IntoRawFd as _,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use vmkit_abi::{
    Attribute, Error, ErrorCode, HostApi, Level, Observation, Question, Resource, Source, Stage,
    stable::{ROption, RResult, RStr, RString, RVec},
};
use vmkit_wire::{Advise, FromWorker, List, Observe, Opened, Refusal, WireError, WireObservation};

use crate::channel::{Channel, Heard};

/// Most observations in one frame, which keeps a frame far below its limit.
const FRAME_OBSERVATIONS: usize = 256;

/// Longest text of an observation or log line that is passed on, in bytes. This keeps frames below their
/// limit; the host has smaller limits of its own.
const TEXT_LIMIT: usize = 4096;

/// Most attributes of an observation that are passed on.
const ATTRIBUTE_LIMIT: usize = 16;

/// Most words of a question that are passed on: one for each of 10,000 machines.
const WORD_LIMIT: usize = 10_001;

/// One call of the plugin.
pub(crate) struct Call {
    channel: Arc<Channel>,
    deadline: Instant,
    stage: Stage,
    source: Source,
    now_ms: i64,
    artefacts: Vec<String>,
    /// The number of the question whose answers are taken; zero: there is none.
    question: AtomicU32,
}

impl Call {
    /// A call of an advice plugin, which gets facts and has nothing else to look at.
    pub(crate) fn of_advice(channel: Arc<Channel>, advise: &Advise) -> Self {
        channel.begin();
        let deadline = Instant::now() + Duration::from_millis(advise.budget_ms);
        Self {
            channel,
            deadline,
            stage: Stage::DISCOVER,
            source: Source::SNAPSHOT,
            now_ms: advise.now_ms,
            artefacts: Vec::new(),
            question: AtomicU32::default(),
        }
    }

    /// A call of an inventory, which looks at this computer.
    pub(crate) fn of_inventory(channel: Arc<Channel>, list: &List) -> Self {
        channel.begin();
        let deadline = Instant::now() + Duration::from_millis(list.budget_ms);
        Self {
            channel,
            deadline,
            stage: Stage::DISCOVER,
            source: Source::LIVE,
            now_ms: list.now_ms,
            artefacts: Vec::new(),
            question: AtomicU32::default(),
        }
    }

    /// A call of a signal.
    pub(crate) fn new(channel: Arc<Channel>, observe: &Observe) -> Self {
        channel.begin();
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
        let (now_ms, question) = (observe.now_ms, AtomicU32::default());
        Self { channel, deadline, stage, source, now_ms, artefacts, question }
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
        self.channel.is_cancelled()
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
            Resource::GUEST_AGENT | Resource::RAW_SOCKET => vmkit_wire::Resource::Channel,
            Resource::FILE => vmkit_wire::Resource::File,
            Resource::FILES => vmkit_wire::Resource::Files,
            Resource::LOCAL_API => vmkit_wire::Resource::LocalApi,
            Resource::TOOL => vmkit_wire::Resource::Tool,
            _ => vmkit_wire::Resource::Unknown,
        };
        let argument = bounded(argument.as_str());
        match self.channel.open(resource, argument, self.remaining()) {
            Ok(Some((Opened { refusal: None }, Some(descriptor)))) => {
                RResult::ROk(descriptor.into_raw_fd())
            }
            Ok(Some((Opened { refusal: Some(refusal) }, _))) => RResult::RErr(refused(&refusal)),
            Ok(Some((Opened { refusal: None }, None))) => {
                RResult::RErr(failure(ErrorCode::IO, "the host's answer lacks its descriptor"))
            }
            Ok(None) => RResult::RErr(silent()),
            Err(error) => RResult::RErr(lost(&error)),
        }
    }

    fn ask(&self, question: Question, words: RVec<RString>) -> RResult<(), Error> {
        let question = match question {
            Question::WHO_HAS => vmkit_wire::Question::WhoHas,
            Question::GUEST_AGENTS => vmkit_wire::Question::GuestAgents,
            Question::PROCESSES => vmkit_wire::Question::Processes,
            _ => vmkit_wire::Question::Unknown,
        };
        let words = words.iter().take(WORD_LIMIT).map(|word| bounded(word)).collect();
        match self.channel.ask(question, words) {
            Ok(number) => {
                self.question.store(number, Ordering::Relaxed);
                RResult::ROk(())
            }
            Err(error) => RResult::RErr(lost(&error)),
        }
    }

    fn answer(&self) -> RResult<ROption<RVec<Attribute>>, Error> {
        let question = self.question.load(Ordering::Relaxed);
        if question == 0 {
            return RResult::RErr(failure(ErrorCode::OTHER, "no question is open"));
        }
        match self.channel.heard(question, self.deadline) {
            Some(Heard::Answer(answer)) => {
                let pairs = answer.attributes.into_iter();
                let attributes =
                    pairs.map(|(key, value)| Attribute { key: key.into(), value: value.into() });
                RResult::ROk(ROption::RSome(attributes.collect()))
            }
            Some(Heard::End(end)) => {
                self.question.store(0, Ordering::Relaxed);
                end.refusal.map_or(RResult::ROk(ROption::RNone), |refusal| {
                    RResult::RErr(refused(&refusal))
                })
            }
            None => RResult::RErr(silent()),
        }
    }
}

fn refused(refusal: &Refusal) -> Error {
    let code = match (refusal.denied, refusal.not_found) {
        (true, _) => ErrorCode::DENIED,
        (_, true) => ErrorCode::NOT_FOUND,
        _ => ErrorCode::IO,
    };
    failure(code, &refusal.message)
}

fn silent() -> Error {
    failure(ErrorCode::TIMED_OUT, "the host did not answer in time")
}

fn lost(error: &WireError) -> Error {
    failure(ErrorCode::IO, &error.to_string())
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
