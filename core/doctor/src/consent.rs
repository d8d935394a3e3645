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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Script;

    #[test]
    fn asks_each_question_once_and_none_after_the_first_examination() {
        let at = |interface: &str| Question::TestOffers { interface: interface.to_owned() };
        let rows = [
            // --yes, the person's answer, whether it is allowed, questions asked
            (false, true, true, 1),
            (false, false, false, 1),
            (true, false, true, 0),
        ];
        for (yes, allows, allowed, asked) in rows {
            let mut person = Script { allows, ..Script::default() };
            let mut consent = Consent::new(yes);
            assert_eq!(consent.allows(at("eth0"), &mut person), allowed);
            assert_eq!(consent.allows(at("eth0"), &mut person), allowed);
            consent.stop_asking();
            assert_eq!(consent.allows(at("eth0"), &mut person), allowed, "an earlier answer stays");
            assert_eq!(consent.allows(at("eth1"), &mut person), yes, "a new question is denied");
            assert_eq!(person.log.len(), asked, "{:?}", person.log);
        }
    }
}
