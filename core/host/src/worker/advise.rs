//! A call of an advice source.

use std::{
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use vmkit_types::Attributes;
use vmkit_wire::{Advise, FromWorker, Question, Refusal, Resource, ToWorker, WireAdvice};

use super::{
    converse::{Conversation, unasked},
    end::End,
    process::Worker,
};

/// Why an advice source gets nothing else.
const FACTS_ONLY: &str = "an advice source is given facts and no files";
/// Most requests that are refused in one call.
const MOST_REQUESTS: usize = 64;

/// The advice of one call, once it came.
struct Advising(Option<Vec<WireAdvice>>);

impl Worker {
    /// Asks an advice source what follows from these facts.
    pub(crate) fn advise(&mut self, question: Advise) -> Result<Vec<WireAdvice>, End> {
        let budget = Duration::from_millis(question.budget_ms);
        let mut advising = Advising(None);
        self.converse(&ToWorker::Advise(question), budget, &mut advising)?;
        Ok(advising.0.unwrap_or_default())
    }
}

impl Conversation for Advising {
    fn take(&mut self, said: FromWorker) -> Result<(), End> {
        match said {
            FromWorker::Advice { items } if self.0.is_none() => {
                self.0 = Some(items);
                Ok(())
            }
            _ => Err(unasked()),
        }
    }

    fn most_files(&self) -> usize {
        MOST_REQUESTS
    }

    fn open(&mut self, _: Resource, _: &str) -> Result<OwnedFd, Refusal> {
        Err(Refusal::denied(FACTS_ONLY))
    }

    fn answer(
        &mut self,
        _: Question,
        _: &[String],
        _: Instant,
        _: &mut dyn FnMut(Attributes),
    ) -> Result<(), Refusal> {
        Err(Refusal::denied(FACTS_ONLY))
    }
}
