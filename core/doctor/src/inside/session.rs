//! The guests that are asked in one examination, while it captures.

use std::{
    collections::BTreeMap,
    thread::{self, JoinHandle},
};

use vmkit_diagnose::Omission;
use vmkit_model::Power;
use vmkit_session::Settings;
use vmkit_types::Unread;

use super::{GuestAnswer, ways::Ways};
use crate::{command_line::command_line, subjects::Subjects};

/// Most guests that are asked, each by a thread of its own.
const MOST: usize = 8;

/// The guests that are being asked.
pub(crate) struct Session {
    asked: Vec<(String, JoinHandle<GuestAnswer>)>,
    /// The name of the first guest that is not asked, and the number of all such guests.
    left_out: Option<(String, usize)>,
}

impl Session {
    /// Begins to ask the running machines that are examined.
    pub(crate) fn start(subjects: &Subjects<'_>, settings: &Settings) -> Self {
        let running = subjects
            .rows
            .iter()
            .filter(|row| row.machine.power == Power::Running && !row.machine.foreign);
        let rows: Vec<_> = running.collect();
        let asked = rows.iter().take(MOST).map(|row| {
            let ways = Ways::of(**row, settings);
            (row.machine.name.clone(), thread::spawn(move || ways.ask()))
        });
        let asked = asked.collect();
        let more = rows.len().saturating_sub(MOST);
        let left_out = rows.get(MOST).map(|row| (row.machine.name.clone(), more));
        Self { asked, left_out }
    }

    /// All answers, by the names of the machines.
    pub(crate) fn finish(self) -> (BTreeMap<String, GuestAnswer>, Option<Omission>) {
        let mut answers = BTreeMap::new();
        for (name, thread) in self.asked {
            let lost = |_| {
                GuestAnswer::missing(&Unread::Failed("asking the guest ended early".to_owned()))
            };
            answers.insert(name, thread.join().unwrap_or_else(lost));
        }
        let omission = self.left_out.map(|(name, more)| Omission {
            what: format!("asking {more} more guests from inside"),
            why: format!("at most {MOST} are asked in one examination"),
            command: command_line(["vm", "doctor", &name, "--inside"]),
        });
        (answers, omission)
    }
}
