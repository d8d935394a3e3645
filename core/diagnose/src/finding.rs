//! What was found out about a machine.

use vmkit_types::Unread;

/// One finding of the catalogue, for one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its code in `findings.toml`.
    pub code: &'static str,
    /// Whether it is there.
    pub state: State,
}

/// Whether a finding is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was looked for and is there; what was seen, in plain words, with names and numbers.
    Present(String),
    /// It was looked for and is not there; what was seen instead.
    Absent(String),
    /// It was not looked for, or could not be seen: it speaks neither for nor against anything.
    NotObserved(Unread),
}
