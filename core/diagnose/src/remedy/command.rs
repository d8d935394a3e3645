//! A remedy as it is shown, and its commands as a shell takes them.

use crate::{
    FindingCode,
    catalogue::{Risk, Scope},
};

/// One thing that can be done, with the names of this computer filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// Its code; that of a router's advice comes from its plugin.
    pub id: String,
    /// What it is, in one line.
    pub title: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// A program and its arguments; empty where no command does it.
    pub command: Vec<String>,
    /// What is run after it, each if the one before succeeded.
    pub then: Vec<Vec<String>>,
    /// How much it can break.
    pub risk: Risk,
    /// The same in words.
    pub risk_says: String,
    /// Where it changes something.
    pub scope: Scope,
    /// How to take it back.
    pub undo: String,
    /// The finding to look at again before success is claimed.
    pub measures: FindingCode,
    /// How likely it helps, where this is the cause, from 0 to 1.
    pub helps: f64,
}

impl Remedy {
    /// All that is run, in its order; nothing where no command does it.
    pub fn commands(&self) -> impl Iterator<Item = &[String]> {
        let all = std::iter::once(&self.command).chain(&self.then);
        all.map(Vec::as_slice).filter(|words| !words.is_empty())
    }

    /// The same as lines that a shell takes as they are meant.
    pub fn command_lines(&self) -> Vec<String> {
        self.commands().filter_map(line).collect()
    }
}

/// Words as a shell takes them.
pub(crate) fn line(words: &[String]) -> Option<String> {
    // Fails only for text with NUL, which no placeholder lets through.
    shlex::try_join(words.iter().map(String::as_str)).ok()
}
