//! A plugin that is a program: its process, and the conversation with it in lines of JSON.

mod answers;
#[cfg(target_os = "linux")]
mod image;
mod pipes;
mod process;
mod questions;
mod reports;
#[cfg_attr(not(target_os = "linux"), path = "start_elsewhere.rs")]
mod start;

use std::{
    fs::File,
    os::fd::OwnedFd,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};
use vmkit_wire::{
    Advise, FailureCode, FromWorker, HostLine, LINE_PROTOCOL, List, Load, LogLevel, Observe,
    ProgramLine, WireAdvice,
};

use crate::{
    call::bounded,
    channel::Channel,
    confine::{self, Confinement, Role},
};
use pipes::{Input, Output};
use process::{Failure, Process};
use questions::Questions;

/// Most items of one call's advice that are passed on.
const MOST_ADVICE: usize = 256;

/// A program that runs.
pub(crate) struct Program {
    channel: Arc<Channel>,
    process: Process,
    input: Arc<Input>,
    output: Output<File>,
}

impl Program {
    /// Starts the program, seals this process, and waits until the program accepts its configuration.
    pub(crate) fn start(
        load: &Load,
        program: &vmkit_wire::Program,
        user: &str,
        files: &[OwnedFd],
        channel: &Arc<Channel>,
    ) -> Result<(Self, Confinement), Failure> {
        let started = start::start(load, user, program, files)?;
        // What this process may do, the program may do as well: it is opened by the host.
        let sealed = confine::seal(user, &vmkit_wire::Needs::default(), Role::Interpreter);
        let confinement = sealed.map_err(|error| (FailureCode::Confinement, error))?;
        let input = Arc::new(Input::new(started.input));
        let cancelled = Arc::clone(&input);
        channel.when_cancelled(move || cancelled.say(&HostLine::Cancel));
        let mut program = Self {
            process: Process::new(started.pid, started.errors, channel),
            channel: Arc::clone(channel),
            input,
            output: Output::new(started.output),
        };
        program.greet(load)?;
        Ok((program, confinement))
    }

    fn greet(&mut self, load: &Load) -> Result<(), Failure> {
        let configuration: Map<String, Value> =
            serde_json::from_str(&load.configuration).unwrap_or_default();
        self.input.say(&HostLine::Hello {
            protocol: LINE_PROTOCOL,
            configuration: std::borrow::Cow::Owned(configuration),
            log_level: LogLevel::of(load.log_level),
        });
        loop {
            match self.next()? {
                ProgramLine::Ready { protocol: 1..=LINE_PROTOCOL } => return Ok(()),
                ProgramLine::Ready { protocol } => {
                    let message = format!("it speaks protocol {protocol}, this vm {LINE_PROTOCOL}");
                    return Err((FailureCode::Incompatible, message));
                }
                ProgramLine::Failed { code, message } => {
                    return Err(failure(code.as_deref(), &message));
                }
                ProgramLine::Log { level, message } => self.log(level, &message),
                _ => return Err(unexpected("before it was ready")),
            }
        }
    }

    /// Asks the signal for observations.
    pub(crate) fn observe(&mut self, call: &Observe) -> Result<(), Failure> {
        for (index, subject) in call.vms.iter().enumerate() {
            self.input.say(&HostLine::Vm { index, subject });
        }
        self.input.say(&HostLine::Observe {
            stage: call.stage,
            source: call.source,
            now_ms: call.now_ms,
            budget_ms: call.budget_ms,
            artefacts: &call.artefacts,
        });
        self.converse(call.budget_ms).map(drop)
    }

    /// Asks the inventory for its machines.
    pub(crate) fn list(&mut self, call: &List) -> Result<(), Failure> {
        self.input.say(&HostLine::List { now_ms: call.now_ms, budget_ms: call.budget_ms });
        self.converse(call.budget_ms).map(drop)
    }

    /// Asks for advice.
    pub(crate) fn advise(&mut self, call: &Advise) -> Result<(), Failure> {
        for fact in &call.facts {
            self.input.say(&HostLine::Fact(fact));
        }
        self.input.say(&HostLine::Advise { now_ms: call.now_ms, budget_ms: call.budget_ms });
        let items = self.converse(call.budget_ms)?;
        self.send(&FromWorker::Advice { items })
    }

    /// Passes on what the program reports, and answers what it asks, until the call ends. Returns the
    /// advice, which the host takes all at once.
    fn converse(&mut self, budget_ms: u64) -> Result<Vec<WireAdvice>, Failure> {
        self.channel.begin();
        let deadline = Instant::now() + Duration::from_millis(budget_ms);
        let mut advice = Vec::new();
        loop {
            let line = self.next()?;
            let (channel, input) = (&*self.channel, &*self.input);
            match (Questions { channel, input, deadline }).answer(line) {
                // Whether it ended by itself or answered the cancellation, nobody can tell, and in the next
                // call a second answer would be taken for its end.
                Some(ProgramLine::Done) if channel.is_cancelled() => {
                    let message = "it ended after its deadline".to_owned();
                    return Err((FailureCode::TimedOut, message));
                }
                Some(ProgramLine::Done) => return Ok(advice),
                Some(ProgramLine::Failed { code, message }) => {
                    return Err(failure(code.as_deref(), &message));
                }
                Some(ProgramLine::Log { level, message }) => self.log(level, &message),
                Some(ProgramLine::Observation(line)) => {
                    let items = vec![reports::observation(line)];
                    self.send(&FromWorker::Observations { items })?;
                }
                Some(ProgramLine::Machine(machine)) => {
                    self.send(&FromWorker::Machines { items: vec![*machine] })?;
                }
                Some(ProgramLine::Advice(line)) => {
                    advice.push(reports::advice(&line));
                    advice.truncate(MOST_ADVICE);
                }
                None => {}
                Some(_) => return Err(unexpected("in a call")),
            }
        }
    }

    fn next(&mut self) -> Result<ProgramLine, Failure> {
        self.output.next()?.ok_or_else(|| self.process.end())
    }

    fn log(&self, level: LogLevel, message: &str) {
        let (level, target) = (level.number(), "program".to_owned());
        if level <= self.channel.log_level {
            // A log line that cannot be delivered is lost.
            self.channel.send(&FromWorker::Log { level, target, message: bounded(message) }).ok();
        }
    }

    fn send(&self, message: &FromWorker) -> Result<(), Failure> {
        self.channel.send(message).map_err(|error| (FailureCode::Other, error.to_string()))
    }
}

fn failure(code: Option<&str>, message: &str) -> Failure {
    let code = match code {
        Some("configuration") => FailureCode::Configuration,
        Some("denied") => FailureCode::Denied,
        Some("timed-out") => FailureCode::TimedOut,
        _ => FailureCode::Other,
    };
    (code, bounded(message))
}

fn unexpected(when: &str) -> Failure {
    (FailureCode::Protocol, format!("it wrote a line that has no place {when}"))
}
