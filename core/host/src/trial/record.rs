//! What a plugin is tried with, and what it did.

use std::time::Duration;

use vmkit_types::{Fact, ListedMachine, Observation, Stage, Subject};
use vmkit_wire::{FailureCode, WireAdvice};

/// One worker's life: a configuration, then calls one after another.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// The plugin's configuration: a JSON object, as text.
    pub configuration: String,
    /// Whether the plugin is asked about a snapshot without any file, so that it has nothing to look at
    /// and may send nothing.
    pub of_snapshot: bool,
    /// The calls. Those after one that ends the worker are not made.
    pub calls: Vec<TrialCall>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct TrialCall {
    /// What is asked.
    pub question: TrialQuestion,
    /// The time until its deadline, at which it is cancelled.
    pub budget: Duration,
    /// Whether it is cancelled at once.
    pub is_cancelled: bool,
}

/// What a call asks for.
#[derive(Clone, Debug)]
pub enum TrialQuestion {
    /// What a signal reports about these machines. Each with a console has the same one.
    Observe(Stage, Vec<Subject>),
    /// What an advice source concludes from these facts.
    Advise(Vec<Fact>),
    /// Which machines an inventory lists.
    List,
}

/// How an exercise went.
#[derive(Debug)]
pub struct TrialRecord {
    /// Whether the plugin could be loaded and made.
    pub loaded: Loaded,
    /// The calls that were made.
    pub calls: Vec<Tried>,
    /// The beginning of what the plugin printed, standard output and standard error together.
    pub printed: String,
}

/// How loading went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The plugin is there, and offers these kinds; `None`: the worker does not say.
    Ready(Option<Vec<String>>),
    /// It could not be loaded or made.
    Failed(FailureCode, String),
    /// The worker's process ended.
    Died(String),
    /// It took too long.
    Overdue,
    /// It could not even be started.
    NotStarted(String),
}

/// One call and what came of it.
#[derive(Debug, Default)]
pub struct Tried {
    /// The observations that the host accepts.
    pub observations: Vec<Observation>,
    /// The advice as it was sent.
    pub advice: Vec<WireAdvice>,
    /// The machines that the host accepts.
    pub machines: Vec<ListedMachine>,
    /// What of machines the host cannot read, in words.
    pub unreadable_machines: Vec<String>,
    /// Observations about a machine that is not in the batch, in words.
    pub outside_of_batch: Vec<String>,
    /// Observations that the host does not accept for another reason, in words.
    pub unacceptable: Vec<String>,
    /// What the plugin asked for and did not get because its manifest does not declare it, in words.
    pub refused: Vec<String>,
    /// How many lines it logged.
    pub log_lines: usize,
    /// How many threads of the plugin were left after the call; `None`: nobody can see them here.
    pub threads_left: Option<usize>,
    /// The time from the deadline, or from cancelling, to its end.
    pub late_by: Duration,
    /// How it ended.
    pub end: TrialEnd,
}

/// How a call ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TrialEnd {
    /// The plugin returned.
    #[default]
    Done,
    /// The plugin returned an error.
    Failed(FailureCode, String),
    /// Its process ended.
    Died(String),
    /// It did not return after its deadline, or after it was cancelled.
    Overdue,
    /// It sent what is no answer, or too much.
    Protocol(String),
}
