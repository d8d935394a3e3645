//! One call of an exercise.

use std::{
    fs::File,
    io::{Seek as _, Write as _},
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use vmkit_platform::Platform as _;
use vmkit_types::{Stage, Subject, bounded, escaped};
use vmkit_wire::{
    Account, Advise, Answer, Answered, Field, FromWorker, List, Observe, Opened, Question,
    ReadFile, Refusal, Resource, ToWorker, WireError, WireFact, WireMachine, WireObservation, send,
};

use super::{
    process::Worker,
    record::{Exercise, TrialCall, TrialEnd, TrialQuestion, Tried},
};
use crate::{
    Plugin,
    files::{self, Reader},
    processes::Seen,
    run::wire_subject,
    stamp,
};

/// How long a plugin may take to return after it was cancelled. A run kills it after 50 ms; a trial waits
/// far longer: a computer that also compiles gives a worker seconds of nothing, and a plugin that ignores
/// the question does so for ever.
const GRACE: Duration = Duration::from_secs(15);
/// How long threads may take to end after a call, for the same reason.
const THREADS_END: Duration = Duration::from_secs(15);
/// How often they are looked at.
const LOOK_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
/// Most facts and log lines that are taken of one call.
const MOST: usize = 200_000;
/// Threads of the worker itself: one that calls, and one that hears the host and may start a moment later.
const WORKERS_OWN: usize = 2;
/// Longest name that is shown, in bytes.
const LONGEST_NAME: usize = 60;
/// The code of a field that means nothing.
const MALFORMED: &str = "malformed";
/// Most bytes of one worker, as in a run.
const MOST_BYTES: usize = 32 << 20;

/// What each console holds: what a hostile guest prints, and an ordinary boot.
const CONSOLE: &[u8] = b"\x1b[2J\x1b]0;owned\x07\xff\xfe\x00\xc3\x28 %s%n ../../etc/passwd\r\n\
    [    0.000000] Linux version 6.1\r\nudhcpc: lease of 999.999.999.999 obtained\r\n\
    udhcpc: lease of 192.0.2.7 obtained from 192.0.2.1, lease time 3600\r\nweb login: ";

/// One call and what it is made with.
pub(super) struct Conversation<'a> {
    pub(super) plugin: &'a Plugin,
    pub(super) account: Option<Account>,
    pub(super) home: Option<&'a Path>,
    pub(super) exercise: &'a Exercise,
    pub(super) call: &'a TrialCall,
}

impl Conversation<'_> {
    /// Makes the call and records it.
    pub(super) fn have(&self, worker: &mut Worker) -> Tried {
        let mut tried = Tried::default();
        // A program's threads are in a process of its own; the worker's say nothing of them.
        let threads = || worker.threads().filter(|_| self.plugin.manifest.program.is_none());
        let before = threads().map(|count| count.max(WORKERS_OWN));
        let began = Instant::now();
        let until = if self.call.is_cancelled { began } else { began + self.call.budget };
        tried.end = match send(&worker.socket, &self.question(), &[]) {
            Ok(()) => self.follow(worker, until, &mut tried),
            Err(error) => TrialEnd::Died(worker.lost(&error)),
        };
        tried.late_by = until.elapsed();
        if matches!(tried.end, TrialEnd::Done | TrialEnd::Failed(..)) {
            tried.threads_left = before.and_then(|before| left(worker, before));
        }
        tried
    }

    fn question(&self) -> ToWorker {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let since_epoch = since_epoch.unwrap_or_default();
        let now_ms = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        let budget_ms = u64::try_from(self.call.budget.as_millis()).unwrap_or(u64::MAX);
        match &self.call.question {
            TrialQuestion::Observe(stage, subjects) => ToWorker::Observe(Observe {
                stage: *stage,
                source: if self.exercise.of_snapshot {
                    vmkit_types::Source::Snapshot
                } else {
                    vmkit_types::Source::Live
                },
                now_ms,
                budget_ms,
                artefacts: Vec::new(),
                vms: subjects.iter().map(|subject| self.machine(*stage, subject)).collect(),
            }),
            TrialQuestion::List => ToWorker::List(List { now_ms, budget_ms }),
            TrialQuestion::Advise(facts) => {
                let fact = |fact: &vmkit_types::Fact| WireFact {
                    key: fact.key.clone(),
                    value: fact.value.clone(),
                };
                ToWorker::Advise(Advise {
                    now_ms,
                    budget_ms,
                    facts: facts.iter().map(fact).collect(),
                })
            }
        }
    }

    fn machine(&self, stage: Stage, subject: &Subject) -> vmkit_wire::WireSubject {
        let candidates = if stage == Stage::Confirm { &subject.candidates[..] } else { &[] };
        let mut machine = wire_subject(subject, candidates);
        if !self.plugin.manifest.needs_here().host_keys {
            machine.known_host_keys.clear();
        }
        machine
    }

    /// Hears the plugin until the call ends. `until`: when it is cancelled.
    fn follow(&self, worker: &mut Worker, until: Instant, tried: &mut Tried) -> TrialEnd {
        let mut is_cancelled = false;
        loop {
            let deadline = if is_cancelled { until + GRACE } else { until };
            let reply = match worker.receiver.receive(&worker.socket, Some(deadline)) {
                Ok(FromWorker::Observations { items }) => {
                    for seen in &items {
                        self.hear(seen, tried);
                    }
                    None
                }
                Ok(FromWorker::Log { .. }) => {
                    tried.log_lines += 1;
                    None
                }
                Ok(FromWorker::Open { resource, argument }) => {
                    Some(self.open(resource, &argument, tried))
                }
                Ok(FromWorker::Ask { question, number, .. }) => {
                    Some((self.answer(question, number, worker, tried), None))
                }
                Ok(FromWorker::Advice { items }) => {
                    tried.advice.extend(items);
                    None
                }
                Ok(FromWorker::Machines { items }) => {
                    for machine in items {
                        hear_machine(machine, tried);
                    }
                    None
                }
                Ok(FromWorker::Done) => return TrialEnd::Done,
                Ok(FromWorker::Failed { code, message }) => {
                    return TrialEnd::Failed(code, escaped(&message));
                }
                Ok(_) => return TrialEnd::Protocol("an answer that was not asked for".to_owned()),
                Err(WireError::TimedOut) if !is_cancelled => {
                    is_cancelled = true;
                    Some((ToWorker::Cancel, None))
                }
                Err(WireError::TimedOut) => return TrialEnd::Overdue,
                Err(error @ (WireError::Garbage(_) | WireError::TooLong(_))) => {
                    return TrialEnd::Protocol(escaped(&error.to_string()));
                }
                Err(error) => return TrialEnd::Died(worker.lost(&error)),
            };
            let facts = tried.observations.len() + tried.unacceptable.len();
            if facts > MOST || tried.log_lines > MOST || worker.receiver.received() > MOST_BYTES {
                return TrialEnd::Protocol("more than anybody can use".to_owned());
            }
            if let Some((message, descriptor)) = reply {
                let descriptors: Vec<_> = descriptor.iter().map(|it| it.as_fd()).collect();
                if let Err(error) = send(&worker.socket, &message, &descriptors) {
                    return TrialEnd::Died(worker.lost(&error));
                }
            }
        }
    }

    fn hear(&self, seen: &WireObservation, tried: &mut Tried) {
        let batch = match &self.call.question {
            TrialQuestion::Observe(_, subjects) => subjects.len(),
            TrialQuestion::Advise(_) | TrialQuestion::List => 0,
        };
        let replays = self.exercise.of_snapshot;
        if usize::try_from(seen.vm).is_ok_and(|vm| vm < batch) {
            match stamp::checked(seen, batch, &self.plugin.manifest, replays) {
                Ok(observation) => tried.observations.push(observation),
                Err(why) => tried.unacceptable.push(escaped(&why)),
            }
        } else {
            let of = format!("machine {} of a batch of {batch}", seen.vm);
            tried.outside_of_batch.push(of);
        }
    }

    /// Opens something for the plugin, as a run does, and notes what its manifest does not declare.
    fn open(
        &self,
        resource: Resource,
        argument: &str,
        tried: &mut Tried,
    ) -> (ToWorker, Option<OwnedFd>) {
        let needs = self.plugin.manifest.needs_here();
        let declares_console = needs.read_files.contains(&ReadFile::Console);
        let opened = match resource {
            _ if self.exercise.of_snapshot => Err(Refusal::not_found("the snapshot has no files")),
            Resource::File => files::open(argument, needs, self.reader()),
            Resource::Files => files::list(argument, needs, self.reader()).map(|list| list.stream),
            Resource::Console if declares_console => console(),
            Resource::Console => Err(Refusal::denied("the manifest declares no `{console}`")),
            _ => Err(Refusal::not_found("a trial has no such thing")),
        };
        match opened {
            Ok(descriptor) => (ToWorker::Opened(Opened { refusal: None }), Some(descriptor)),
            Err(refusal) => {
                if refusal.message.starts_with("the manifest declares no") {
                    tried.refused.push(escaped(&refusal.message));
                }
                (ToWorker::Opened(Opened { refusal: Some(refusal) }), None)
            }
        }
    }

    fn reader(&self) -> Reader<'_> {
        Reader { account: self.account, home: self.home, broker: None }
    }

    /// Sends the answers to a question, and returns their end. Notes what the manifest does not declare. Only
    /// processes are answers, since nothing is asked of others in a trial.
    fn answer(
        &self,
        question: Question,
        number: u32,
        worker: &Worker,
        tried: &mut Tried,
    ) -> ToWorker {
        let needs = self.plugin.manifest.needs_here();
        let declared = match question {
            Question::WhoHas => (needs.arp, "arp"),
            Question::GuestAgents => (needs.guest_agent, "guest_agent"),
            Question::Processes => (!needs.processes.is_empty(), "processes"),
            Question::Unknown => (true, ""),
        };
        let mut refusal = None;
        let mut answers = Vec::new();
        match (question, declared) {
            (_, (false, what)) => {
                let message = format!("the manifest declares no `{what}`");
                tried.refused.push(message.clone());
                refusal = Some(Refusal::denied(message));
            }
            (Question::Processes, _) if !self.exercise.of_snapshot => {
                let platform = vmkit_platform::current();
                match Seen::of(&platform.processes(), &[needs], &platform).shown_to(needs) {
                    Ok(shown) => answers = shown.answers,
                    Err(why) => refusal = Some(why),
                }
            }
            (Question::Unknown, _) => {
                refusal = Some(Refusal::not_found("a trial answers no such question"));
            }
            _ => {}
        }
        for answer in answers {
            let answer = Answer { number, attributes: answer.attributes() };
            // The message that follows shows that the socket fails.
            send(&worker.socket, &ToWorker::Answer(answer), &[]).ok();
        }
        ToWorker::Answered(Answered { number, refusal })
    }
}

/// Takes a machine, and notes what of it cannot be read.
fn hear_machine(machine: WireMachine, tried: &mut Tried) {
    let machine = match machine.listed() {
        Ok(machine) => machine,
        Err(why) => return tried.unreadable_machines.push(why.to_owned()),
    };
    let name = escaped(bounded(&machine.name, LONGEST_NAME));
    if let Field::Value(unknown) = WireMachine::from(machine.clone()).unknown {
        let malformed = unknown.into_values().filter(|it| it.why == MALFORMED);
        let in_words = malformed.map(|it| format!("`{name}`: {}", escaped(&it.what)));
        tried.unreadable_machines.extend(in_words);
    }
    tried.machines.push(machine);
}

/// A console log.
fn console() -> Result<OwnedFd, Refusal> {
    let made = tempfile::tempfile().and_then(|mut file: File| {
        file.write_all(CONSOLE)?;
        file.rewind()?;
        Ok(file)
    });
    made.map(OwnedFd::from).map_err(|error| Refusal::failed(format!("make a console: {error}")))
}

/// How many more threads the process has than before, once those that are ending have ended.
fn left(worker: &Worker, before: usize) -> Option<usize> {
    let deadline = Instant::now() + THREADS_END;
    loop {
        let more = worker.threads()?.saturating_sub(before);
        if more == 0 || Instant::now() > deadline {
            return Some(more);
        }
        // Nothing is to come; a worker that ends wakes this.
        let mut watched = [PollFd::new(&worker.socket, PollFlags::IN)];
        poll(&mut watched, Some(&LOOK_AGAIN)).ok()?;
    }
}
