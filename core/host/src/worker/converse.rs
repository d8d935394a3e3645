//! What every call of a plugin has in common: its deadline, and the answers to what the plugin asks.

use std::{
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use vmkit_types::Attributes;
use vmkit_wire::{
    Answer, Answered, FromWorker, Opened, Question, Refusal, Resource, ToWorker, WireError, send,
};

use super::{end::End, process::Worker};

/// How long a cancelled plugin may take to return before its process is killed. Plugins check for
/// cancellation in every loop, and the answer waits for this.
const CANCEL_GRACE: Duration = Duration::from_millis(50);

/// What one kind of call does with what the plugin says.
pub(super) trait Conversation {
    /// Takes a part of the plugin's report.
    fn take(&mut self, said: FromWorker) -> Result<(), End>;

    /// Most files that may be opened for the plugin.
    fn most_files(&self) -> usize;

    /// Opens something for the plugin.
    fn open(&mut self, resource: Resource, argument: &str) -> Result<OwnedFd, Refusal>;

    /// Answers a question of the plugin; `say` takes each answer as it comes.
    fn answer(
        &mut self,
        question: Question,
        words: &[String],
        deadline: Instant,
        say: &mut dyn FnMut(Attributes),
    ) -> Result<(), Refusal>;
}

impl Worker {
    /// Makes one call.
    pub(super) fn converse(
        &mut self,
        call: &ToWorker,
        budget: Duration,
        with: &mut impl Conversation,
    ) -> Result<(), End> {
        let deadline = Instant::now() + budget;
        self.begin();
        self.say(call, None)?;
        let (mut cancelled, mut files) = (false, 0);
        loop {
            let until = if cancelled { deadline + CANCEL_GRACE } else { deadline };
            match self.next(until) {
                Ok(FromWorker::Log { level, target, message }) => {
                    self.log(level, &target, &message)?;
                }
                Ok(FromWorker::Open { resource, argument }) => {
                    files += 1;
                    let most = with.most_files();
                    if files > most {
                        return Err(End::protocol(&format!("it asked for more than {most} files")));
                    }
                    let (opened, refusal) = match with.open(resource, &argument) {
                        Ok(opened) => (Some(opened), None),
                        Err(refusal) => (None, Some(refusal)),
                    };
                    self.say(&ToWorker::Opened(Opened { refusal }), opened.as_ref())?;
                }
                Ok(FromWorker::Ask { question, number, words }) => {
                    self.answer(with, (question, number, &words), deadline)?;
                }
                Ok(FromWorker::Done) => return Ok(()),
                Ok(FromWorker::Failed { code, message }) => {
                    return Err(End::failed(code, &message));
                }
                Ok(FromWorker::Ready { .. }) => return Err(End::protocol("it started twice")),
                Ok(said) => {
                    with.take(said)?;
                    self.check_bytes()?;
                }
                Err(WireError::TimedOut) if !cancelled => {
                    cancelled = true;
                    self.say(&ToWorker::Cancel, None)?;
                }
                Err(WireError::TimedOut) => return Err(End::timeout("its call", budget)),
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Answers a question of the plugin. Meanwhile the plugin waits, so no other frame is read.
    fn answer(
        &mut self,
        with: &mut impl Conversation,
        (question, number, words): (Question, u32, &[String]),
        deadline: Instant,
    ) -> Result<(), End> {
        let mut sent = Ok(());
        let mut say = |attributes| {
            let answer = ToWorker::Answer(Answer { number, attributes });
            if sent.is_ok() {
                sent = send(self.socket(), &answer, &[]);
            }
        };
        let refusal = with.answer(question, words, deadline, &mut say).err();
        sent.map_err(|error| self.lost(error))?;
        self.say(&ToWorker::Answered(Answered { number, refusal }), None)
    }
}

/// The end of a plugin that reports something else than it was asked for.
pub(super) fn unasked() -> End {
    End::protocol("it gave an answer that was not asked for")
}
