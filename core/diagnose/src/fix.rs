//! What `vm doctor --fix` did.

use crate::FindingCode;

/// One remedy that was offered, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The machine.
    pub vm: String,
    /// The cause that it should end.
    pub cause: &'static str,
    /// The remedy's code.
    pub remedy: String,
    /// What it is, in one line.
    pub title: String,
    /// Its commands, quoted for a shell.
    pub commands: Vec<String>,
    /// Its outcome.
    pub outcome: FixOutcome,
    /// The finding that was measured again.
    pub measures: FindingCode,
    /// What was measured, or why nothing was.
    pub says: String,
    /// What the command printed, bounded.
    pub output: String,
    /// The exit status; `None`: the command was not run or did not finish.
    pub exit_status: Option<i32>,
    /// How to take it back.
    pub undo: String,
}

/// The outcome of a remedy. Only a measurement counts as success, not the word of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FixOutcome {
    /// The finding is gone, or the machine got an address.
    Fixed,
    /// The command was run and changed neither.
    NotFixed,
    /// The command was run, but the finding cannot be measured.
    NotMeasured,
    /// The command could not be run.
    NotRun,
    /// The user declined it.
    Declined,
}

impl FixOutcome {
    /// Its code in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::NotFixed => "not-fixed",
            Self::NotMeasured => "not-measured",
            Self::NotRun => "not-run",
            Self::Declined => "declined",
        }
    }

    /// Whether it may have changed something without helping.
    pub fn leaves_a_change(self) -> bool {
        matches!(self, Self::NotFixed | Self::NotMeasured)
    }
}
