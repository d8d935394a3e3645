//! What a program asks the host.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use vmkit_wire::{
    AnswerLine, HostLine, Part, ProgramLine, Question, Refusal, RefusalCode, Resource,
};

use super::{answers, pipes::Input};
use crate::{
    call::bounded,
    channel::{Channel, Heard},
};

/// Most words of a question that are passed on: one for each of 10,000 machines.
const MOST_WORDS: usize = 10_001;
/// Most bytes of a list of files.
const LONGEST_LIST: u64 = 1 << 20;

/// Why a question is not answered.
type Refused = (RefusalCode, String);

/// Answers questions of one call.
pub(super) struct Questions<'a> {
    pub(super) channel: &'a Channel,
    pub(super) input: &'a Input,
    pub(super) deadline: Instant,
}

impl Questions<'_> {
    /// Answers the question; returns a line that asks nothing.
    pub(super) fn answer(&self, line: ProgramLine) -> Option<ProgramLine> {
        let outcome = match line {
            ProgramLine::ReadFile { path, part } => self.read(Resource::File, &path, part),
            ProgramLine::Console { vm, part } => {
                self.read(Resource::Console, &vm.to_string(), part)
            }
            ProgramLine::ReadArtefact { artefact, part } => {
                self.read(Resource::Artefact, &artefact, part)
            }
            ProgramLine::Record { artefact, text } => self.record(&artefact, &text),
            ProgramLine::Files { pattern } => self.list(&pattern),
            ProgramLine::Processes => self.ask(Question::Processes, &[]),
            ProgramLine::WhoHas { addresses } => self.ask(Question::WhoHas, &addresses),
            ProgramLine::GuestAgents { command, vms } => {
                let machines = vms.iter().map(u32::to_string);
                let words: Vec<String> = std::iter::once(command).chain(machines).collect();
                self.ask(Question::GuestAgents, &words)
            }
            other => return Some(other),
        };
        self.input.say(&match outcome {
            Ok(()) => HostLine::Answered,
            Err((code, message)) => HostLine::Refused { code, message },
        });
        None
    }

    fn say(&self, answer: AnswerLine) {
        self.input.say(&HostLine::Answer(Box::new(answer)));
    }

    fn read(&self, resource: Resource, argument: &str, part: Part) -> Result<(), Refused> {
        let file = File::from(self.open(resource, argument)?);
        let answers =
            answers::file(file, part).map_err(|error| failed("read", argument, &error))?;
        for answer in answers {
            self.say(answer);
        }
        Ok(())
    }

    fn record(&self, artefact: &str, text: &str) -> Result<(), Refused> {
        let mut file = File::from(self.open(Resource::Recording, artefact)?);
        file.write_all(text.as_bytes()).map_err(|error| failed("write", artefact, &error))
    }

    fn list(&self, pattern: &str) -> Result<(), Refused> {
        let stream = File::from(self.open(Resource::Files, pattern)?);
        let mut text = String::new();
        let read = stream.take(LONGEST_LIST).read_to_string(&mut text);
        read.map_err(|error| failed("list", pattern, &error))?;
        for path in text.lines() {
            self.say(AnswerLine { path: Some(path.to_owned()), ..AnswerLine::default() });
        }
        Ok(())
    }

    fn open(&self, resource: Resource, argument: &str) -> Result<OwnedFd, Refused> {
        match self.channel.open(resource, bounded(argument), self.remaining()) {
            Ok(Some((opened, descriptor))) => match (opened.refusal, descriptor) {
                (Some(refusal), _) => Err(refused(refusal)),
                (None, Some(descriptor)) => Ok(descriptor),
                (None, None) => Err(silent()),
            },
            Ok(None) => Err(silent()),
            Err(error) => Err((RefusalCode::Failed, error.to_string())),
        }
    }

    fn ask(&self, question: Question, words: &[String]) -> Result<(), Refused> {
        let words = words.iter().take(MOST_WORDS).map(|word| bounded(word)).collect();
        let number = self.channel.ask(question, words);
        let number = number.map_err(|error| (RefusalCode::Failed, error.to_string()))?;
        loop {
            match self.channel.heard(number, self.deadline) {
                Some(Heard::Answer(answer)) => {
                    if let Some(line) = answers::line(question, &answer.attributes) {
                        self.say(line);
                    }
                }
                Some(Heard::End(end)) => {
                    return end.refusal.map_or(Ok(()), |why| Err(refused(why)));
                }
                None => return Err(silent()),
            }
        }
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

fn refused(refusal: Refusal) -> Refused {
    let code = match (refusal.denied, refusal.not_found) {
        (true, _) => RefusalCode::Denied,
        (_, true) => RefusalCode::NotFound,
        _ => RefusalCode::Failed,
    };
    (code, refusal.message)
}

fn silent() -> Refused {
    (RefusalCode::TimedOut, "the host did not answer in time".to_owned())
}

fn failed(operation: &str, what: &str, error: &std::io::Error) -> Refused {
    (RefusalCode::Failed, format!("{operation} {}: {error}", bounded(what)))
}
