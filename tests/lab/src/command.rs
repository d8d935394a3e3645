//! Runs a program to its end with a deadline.

use std::{
    io::Read,
    process::{Command, ExitStatus, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use crate::{LabError, wait_until};

/// Enough for the slowest programs: a download of 30 MB, and a `vm doctor` that waits for a guest.
const DEADLINE: Duration = Duration::from_mins(10);

/// The result of a program.
#[derive(Debug)]
pub struct Finished {
    /// The command as one could type it.
    pub line: String,
    /// The exit status.
    pub status: ExitStatus,
    /// Standard output, with invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, with invalid UTF-8 replaced.
    pub stderr: String,
}

/// The command as one could type it.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs the command and returns its standard output.
///
/// # Errors
/// The command cannot be started, fails, or exceeds the deadline.
pub fn run(command: &mut Command) -> Result<String, LabError> {
    let Finished { line, status, stdout, stderr } = finish(command)?;
    if status.success() { Ok(stdout) } else { Err(LabError::Command { line, status, stderr }) }
}

/// Runs the command to its end, with any exit status.
///
/// # Errors
/// The command cannot be started or exceeds the deadline.
pub fn finish(command: &mut Command) -> Result<Finished, LabError> {
    let line = line(command);
    let start_error = |source| LabError::Start { line: line.clone(), source };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(start_error)?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let mut ended = None;
    let waited = wait_until(DEADLINE, &format!("the end of `{line}`"), || {
        ended = child.try_wait().map_err(start_error)?;
        Ok(ended.is_some())
    });
    let status = match (waited, ended) {
        (Ok(()), Some(status)) => status,
        (Ok(()), None) => unreachable!("the wait ends well only with a status"),
        (Err(error), _) => {
            // Best effort: the error to report is the time-out.
            drop(child.kill().and_then(|()| child.wait()));
            return Err(error);
        }
    };
    Ok(Finished { status, stdout: text(stdout), stderr: text(stderr), line })
}

/// Reads a pipe in parallel, so that a full pipe cannot block the program.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // Keep what arrived before an error.
            drop(pipe.read_to_end(&mut bytes));
        }
        bytes
    })
}

fn text(reader: JoinHandle<Vec<u8>>) -> String {
    let bytes = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}
