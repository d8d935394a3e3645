//! A remedy as it is shown, and its commands as a shell takes them.

use crate::{
    FindingCode,
    catalogue::{Risk, Scope},
};

/// A remedy with the names of this computer filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// Its code; that of advice comes from its plugin.
    pub id: String,
    /// What it is, in one line.
    pub title: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// A program and its arguments; empty: no command does it.
    pub command: Vec<String>,
    /// Further commands, each run if the one before succeeded.
    pub then: Vec<Vec<String>>,
    /// How much it can break.
    pub risk: Risk,
    /// The same in words.
    pub risk_says: String,
    /// Where it changes something.
    pub scope: Scope,
    /// How to take it back.
    pub undo: String,
    /// The finding to measure again before claiming success.
    pub measures: FindingCode,
    /// How likely it helps if this is the cause, from 0 to 1.
    pub helps: f64,
}

impl Remedy {
    /// All commands in order.
    pub fn commands(&self) -> impl Iterator<Item = &[String]> {
        let all = std::iter::once(&self.command).chain(&self.then);
        all.map(Vec::as_slice).filter(|words| !words.is_empty())
    }

    /// The same as lines quoted for a shell.
    pub fn command_lines(&self) -> Vec<String> {
        self.commands().filter_map(line).collect()
    }
}

/// Words quoted for a shell; `None`: a word cannot be quoted.
pub(crate) fn line(words: &[String]) -> Option<String> {
    // Fails only for text with NUL, which no placeholder lets through.
    shlex::try_join(words.iter().map(String::as_str)).ok()
}
