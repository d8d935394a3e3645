//! Standard output and standard error.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use tracing::level_filters::LevelFilter;
use vmkit_model::{Problem, Severity};
pub(crate) use vmkit_plugin_commands::{answer, note};
use vmkit_report::{Style, Terminal};
use vmkit_types::escaped;

use crate::context::Context;

/// Sends log lines of this level and worse to standard error.
pub(crate) fn log_to_stderr(verbosity: u32) {
    let level = match verbosity {
        0 | 1 => LevelFilter::ERROR,
        2 => LevelFilter::WARN,
        3 => LevelFilter::INFO,
        4 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
}

/// Whether somebody is at the terminal who can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on standard error and reads from standard input. Any answer but yes is a no.
pub(crate) fn consents(question: &str) -> bool {
    if !can_ask() {
        return false;
    }
    note(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Waits this long. `false`: the reader of standard output has left.
pub(crate) fn reader_stays_for(interval: Duration) -> anyhow::Result<bool> {
    let stdout = io::stdout();
    let deadline = Instant::now() + interval;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(true);
        }
        // No event is requested: only an error or a hang-up ends the wait.
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut watched, Some(&Timespec::try_from(left)?)) {
            Ok(0) => return Ok(true),
            Ok(_) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
}

/// What is known of the terminal at standard output.
pub(crate) fn terminal(context: &Context) -> Terminal {
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let style = if context.wants_color() { Style::Colour } else { Style::Plain };
    Terminal { style, width }
}

/// Prints an error, its causes and what to do about it.
pub(crate) fn failure(error: &anyhow::Error, hint: Option<&str>) {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    note(&vmkit_report::failure(&chain, hint));
}

/// Prints what could not be read, beside the answer.
pub(crate) fn problems(problems: &[Problem], context: &Context) {
    for problem in problems {
        let word = match problem.severity {
            Severity::Error => "error",
            Severity::Warning if context.quiet => continue,
            Severity::Warning => "warning",
        };
        let path = escaped(&problem.path.display().to_string());
        note(&format!("{word}: {path}: {}\n", escaped(&problem.message)));
    }
}
