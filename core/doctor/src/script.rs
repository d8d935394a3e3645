//! A person who follows a script, for tests.

use std::time::Duration;

use crate::{Note, Pause, Person, Progress, Question};

/// Answers every question alike, and ends every wait at this pause.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) allows: bool,
    /// How many pauses pass before the person ends the wait.
    pub(crate) patience: usize,
    /// What happened, in a word each.
    pub(crate) log: Vec<String>,
}

impl Person for Script {
    fn can_answer(&self) -> bool {
        true
    }

    fn allows(&mut self, question: &Question) -> bool {
        self.log.push(format!("{question:?}"));
        self.allows
    }

    fn hears(&mut self, note: &Note<'_>) {
        self.log.push(format!("{note:?}"));
    }

    fn begins_waiting(&mut self) {
        self.log.push("begins".to_owned());
    }

    fn sees(&mut self, _: &Progress<'_>) {
        self.log.push("sees".to_owned());
    }

    fn waits(&mut self, _: Duration) -> Pause {
        match self.patience.checked_sub(1) {
            Some(left) => {
                self.patience = left;
                Pause::Over
            }
            None => Pause::EndedByPerson,
        }
    }

    fn stops_waiting(&mut self) {
        self.log.push("stops".to_owned());
    }
}
