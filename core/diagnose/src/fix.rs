//! The view model of what `vm doctor --fix` did.

use crate::FindingCode;

/// One remedy that was offered, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The machine.
    pub vm: String,
    /// The cause that it was to end.
    pub cause: &'static str,
    /// The remedy's code.
    pub remedy: String,
    /// What it is, in one line.
    pub title: String,
    /// The commands, as they were run or would have been, as a shell takes them.
    pub commands: Vec<String>,
    /// What came of it.
    pub outcome: FixOutcome,
    /// The finding that was measured again.
    pub measures: FindingCode,
    /// What was measured, or why nothing was.
    pub says: String,
    /// What the command printed, bounded.
    pub output: String,
    /// How the command ended; `None`: it was not run, or not to its end.
    pub exit_status: Option<i32>,
    /// How to take it back.
    pub undo: String,
}

/// What came of a remedy. Nothing is called fixed by what its command says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FixOutcome {
    /// The finding was there and is gone, or the machine had no address and has one.
    Fixed,
    /// The command was run, and it is as before.
    NotFixed,
    /// The command was run, and the finding cannot be seen.
    NotMeasured,
    /// The command could not be run.
    NotRun,
    /// The person did not want it.
    Declined,
}

impl FixOutcome {
    /// The word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::NotFixed => "not-fixed",
            Self::NotMeasured => "not-measured",
            Self::NotRun => "not-run",
            Self::Declined => "declined",
        }
    }

    /// Whether something may have been changed without helping.
    pub fn leaves_a_change(self) -> bool {
        matches!(self, Self::NotFixed | Self::NotMeasured)
    }
}
