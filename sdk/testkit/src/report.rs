//! What a call of a signal left.

use vmkit_plugin::{Error, Observation};

/// One line that a plugin logged.
///
/// ```
/// use vmkit_testkit::LogLine;
///
/// let line = LogLine { level: 2, message: "no leases".into() };
/// assert!(line.level < 3, "a warning or worse");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// 1 is an error, 5 a trace, as in the interface.
    pub level: u32,
    /// The message, then its fields as `name=value`.
    pub message: String,
}

/// The outcome of one call.
///
/// ```
/// use vmkit_testkit::Report;
///
/// let report = Report { observations: Vec::new(), log: Vec::new(), result: Ok(()) };
/// assert!(report.lines().is_empty());
/// ```
#[derive(Debug)]
pub struct Report {
    /// The observations, in the order of their report.
    pub observations: Vec<Observation>,
    /// All log lines.
    pub log: Vec<LogLine>,
    /// How the call ended. A panic is an error, as it is for a real host.
    pub result: Result<(), Error>,
}

impl Report {
    /// The observations as lines `vm kind address says`, in the order of their report.
    pub fn lines(&self) -> Vec<String> {
        self.observations
            .iter()
            .map(|seen| {
                let address = seen.address.map_or_else(|| "-".to_owned(), |at| at.to_string());
                format!("{} {} {address} {}", seen.vm, seen.kind.code(), seen.says)
            })
            .collect()
    }

    /// [`Self::lines`] in alphabetical order, for answers that come in any order.
    pub fn sorted_lines(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.sort();
        lines
    }
}
