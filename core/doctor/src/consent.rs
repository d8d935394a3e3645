//! What the person allows. Each question is asked once.

use std::collections::BTreeMap;

use crate::{Person, Question};

/// The answers so far.
pub(crate) struct Consent {
    /// Everything is allowed.
    yes: bool,
    /// Whether new questions are asked.
    asks: bool,
    answers: BTreeMap<Question, bool>,
}

impl Consent {
    pub(crate) fn new(yes: bool) -> Self {
        Self { yes, asks: true, answers: BTreeMap::new() }
    }

    /// Whether this is allowed.
    pub(crate) fn allows(&mut self, question: Question, person: &mut dyn Person) -> bool {
        if let Some(answer) = self.answers.get(&question) {
            return *answer;
        }
        let answer = self.yes || self.asks && person.allows(&question);
        self.answers.insert(question, answer);
        answer
    }

    /// Asks no further questions: what is not allowed yet is denied.
    pub(crate) fn stop_asking(&mut self) {
        self.asks = false;
    }
}
