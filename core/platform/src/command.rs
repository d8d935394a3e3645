//! The answer of one of the system's own tools, before a deadline.

use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use vmkit_types::{Reading, Unread};

/// How long a tool may take. `networksetup` takes about 0.1 s on a healthy Mac; a second more than
/// covers a busy one, and a person waits no longer for an address.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);

/// Most bytes of an answer: 1,000 processes with 4 KiB of arguments each.
const ANSWER_LIMIT: u64 = 4 * 1024 * 1024;

/// A tool that runs.
pub(crate) struct Tool {
    line: String,
    child: std::io::Result<Child>,
    deadline: Instant,
}

impl Tool {
    /// Starts the program at this absolute path, in the C locale and without our environment.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let line = [&[program], arguments].concat().join(" ");
        Self { line, child, deadline: Instant::now() + DEADLINE }
    }

    /// What it printed until it closed its output.
    pub(crate) fn answer(self) -> Reading<String> {
        let mut child = match self.child {
            Ok(child) => child,
            Err(error) => {
                return Reading::Unknown(Unread::Failed(format!("{}: {error}", self.line)));
            }
        };
        let answer = read(&mut child, self.deadline);
        // It has said all, or too late: what it does further is of no use. A failure means that it
        // has ended by itself.
        child.kill().ok();
        child.wait().ok();
        match answer {
            Ok(bytes) => Reading::Known(String::from_utf8_lossy(&bytes).into_owned()),
            Err(Errno::TIMEDOUT) => Reading::Unknown(Unread::TimedOut),
            Err(error) => Reading::Unknown(Unread::Failed(format!("{}: {error}", self.line))),
        }
    }
}

fn read(child: &mut Child, deadline: Instant) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    let Some(output) = child.stdout.as_mut() else { return Err(Errno::PIPE) };
    let mut chunk = [0; 16 * 1024];
    while (bytes.len() as u64) < ANSWER_LIMIT {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
        match poll(&mut [PollFd::new(&*output, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(Errno::TIMEDOUT),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error),
        }
        match output.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_answers_or_is_left_behind() {
        let answer = Tool::start("/bin/echo", &["one", "two"]).answer();
        assert_eq!(answer, Reading::Known("one two\n".to_owned()));
        let start = Instant::now();
        assert_eq!(Tool::start("/bin/sleep", &["60"]).answer(), Reading::Unknown(Unread::TimedOut));
        assert!(start.elapsed() < Duration::from_mins(1), "the tool is not waited for");
        let missing = Tool::start("/nonexistent/tool", &["-a"]).answer();
        assert!(
            matches!(&missing, Reading::Unknown(Unread::Failed(why)) if why.starts_with("/nonexistent/tool -a: ")),
            "{missing:?}"
        );
    }
}
