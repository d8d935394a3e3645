//! The progress of a wait on standard error: one changing line on a terminal, a few lines elsewhere.

use std::{
    io::{self, IsTerminal as _, Write},
    time::{Duration, Instant},
};

/// Minimum interval between lines off a terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
/// Moves the cursor to the begin of the line, and clears from there to its end.
const BEGIN: &str = "\r";
const CLEAR: &str = "\x1b[K";

/// The progress of one wait.
pub struct ProgressLine<W: Write> {
    out: W,
    /// Columns of the terminal; `None`: it is another file.
    columns: Option<usize>,
    quiet: bool,
    shown: String,
    at: Option<Instant>,
}

impl ProgressLine<io::Stderr> {
    /// On standard error.
    pub fn on_stderr(quiet: bool) -> Self {
        let out = io::stderr();
        let columns = out.is_terminal().then(|| {
            terminal_size::terminal_size_of(&out).map_or(80, |(width, _)| usize::from(width.0))
        });
        Self { out, columns, quiet, shown: String::new(), at: None }
    }
}

impl<W: Write> ProgressLine<W> {
    /// Whether it is shown on a terminal.
    pub fn is_on_terminal(&self) -> bool {
        self.columns.is_some()
    }

    /// Shows this text, if it is another one than before.
    pub fn show(&mut self, now: Instant, text: &str) {
        let early = self.at.is_some_and(|at| now.duration_since(at) < BETWEEN_LINES);
        if self.quiet || self.shown == text || self.columns.is_none() && early {
            return;
        }
        // Without a reader of standard error there is no other place.
        match self.columns {
            // In the last column some terminals move on to the next line.
            Some(columns) => {
                let cut: String = text.chars().take(columns.saturating_sub(1)).collect();
                write!(self.out, "{BEGIN}{cut}{CLEAR}").and_then(|()| self.out.flush()).ok();
            }
            None => drop(writeln!(self.out, "{text}")),
        }
        text.clone_into(&mut self.shown);
        self.at = Some(now);
    }
}

impl<W: Write> Drop for ProgressLine<W> {
    fn drop(&mut self) {
        if self.columns.is_some() && self.at.is_some() {
            write!(self.out, "{BEGIN}{CLEAR}").ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(columns: Option<usize>, quiet: bool) -> String {
        let mut out = Vec::new();
        let mut progress =
            ProgressLine { out: &mut out, columns, quiet, shown: String::new(), at: None };
        let began = Instant::now();
        for (seconds, text) in [(0, "0 s"), (0, "0 s"), (1, "1 s"), (5, "5 s of many")] {
            progress.show(began + Duration::from_secs(seconds), text);
        }
        drop(progress);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn writes_one_line_on_a_terminal_and_few_in_a_file() {
        let rows = [
            (Some(6), false, "\r0 s\x1b[K\r1 s\x1b[K\r5 s o\x1b[K\r\x1b[K"),
            (None, false, "0 s\n5 s of many\n"),
            (Some(6), true, ""),
        ];
        for (columns, quiet, expected) in rows {
            assert_eq!(written(columns, quiet), expected, "{columns:?}");
        }
    }
}
