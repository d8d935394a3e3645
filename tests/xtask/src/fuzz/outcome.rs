//! Parses libFuzzer's log.

use std::fmt::Write as _;

/// Shown lines of a failed target: the panic, the stack and the input's path.
const LINES_SHOWN: usize = 40;

/// Shown bytes of an input.
const INPUT_SHOWN: usize = 2000;

/// The result of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) target: String,
    pub(crate) failed: bool,
    executions: Option<u64>,
    /// Covered places in the code.
    coverage: Option<u64>,
    /// Inputs with new coverage.
    new_inputs: Option<u64>,
    peak_mib: Option<u64>,
    log: String,
}

impl Outcome {
    /// Parses the program's standard error.
    pub(crate) fn of(target: &str, succeeded: bool, log: &str) -> Self {
        let statistic = |name: &str| {
            let line = log.lines().rev().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').trim().parse().ok()
        };
        let coverage = log.lines().rev().find_map(|line| {
            let (_, rest) = line.split_once(" cov: ")?;
            rest.split_whitespace().next()?.parse().ok()
        });
        Self {
            target: target.to_owned(),
            failed: !succeeded,
            executions: statistic("stat::number_of_executed_units"),
            coverage,
            new_inputs: statistic("stat::new_units_added"),
            peak_mib: statistic("stat::peak_rss_mb"),
            log: log.to_owned(),
        }
    }

    /// The end of the log and the failing input.
    pub(crate) fn finding(&self) -> String {
        let lines: Vec<_> = self.log.lines().collect();
        let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
        let mut text = format!("\n=== {}\n{}\n", self.target, shown.join("\n"));
        let marker = "Test unit written to ";
        let path = self.log.lines().find_map(|line| line.split_once(marker).map(|(_, path)| path));
        if let Some(Ok(input)) = path.map(std::fs::read) {
            let shown = input[..input.len().min(INPUT_SHOWN)].escape_ascii();
            // Writing to a string cannot fail.
            _ = writeln!(text, "{} bytes: {shown}", input.len());
        }
        text
    }
}

/// One line for each target.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |it| it.to_string());
    let mut table = format!(
        "{:<16}{:>10}{:>10}{:>6}{:>10}  {}\n",
        "target", "inputs", "coverage", "new", "peak MiB", "outcome"
    );
    for outcome in outcomes {
        let word = if outcome.failed { "FAILED" } else { "passed" };
        // Writing to a string cannot fail.
        _ = writeln!(
            table,
            "{:<16}{:>10}{:>10}{:>6}{:>10}  {word}",
            outcome.target,
            number(outcome.executions),
            number(outcome.coverage),
            number(outcome.new_inputs),
            number(outcome.peak_mib),
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "INFO: Seed: 1
#2\tINITED cov: 310 ft: 311 corp: 1/1b exec/s: 0 rss: 40Mb
#900\tDONE   cov: 352 ft: 800 corp: 31/2Kb lim: 21 exec/s: 450 rss: 46Mb
Done 900 runs in 2 second(s)
stat::number_of_executed_units: 900
stat::average_exec_per_sec:     450
stat::new_units_added:          30
stat::slowest_unit_time_sec:    0
stat::peak_rss_mb:              46
";

    #[test]
    fn tabulates_the_numbers_of_a_run_and_marks_missing_ones() {
        let outcomes = [Outcome::of("arp", true, LOG), Outcome::of("wire", false, "killed\n")];
        let expected = "\
target              inputs  coverage   new  peak MiB  outcome
arp                    900       352    30        46  passed
wire                     ?         ?     ?         ?  FAILED
";
        assert_eq!(table(&outcomes), expected);
        assert_eq!(outcomes[1].finding(), "\n=== wire\nkilled\n");
    }
}
