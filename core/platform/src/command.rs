//! Runs one of the system's tools with a deadline.

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

/// Time limit of a tool. `networksetup` takes about 0.1 s on an idle Mac; a second is enough for a
/// busy one and still bearable for a person who waits.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);

/// Most bytes of output: 1,000 processes with 4 KiB of arguments each.
const OUTPUT_LIMIT: u64 = 4 * 1024 * 1024;

/// The language of the output. In the C locale macOS's `ps` escapes every byte that is not ASCII.
const LOCALE: [(&str, &str); 2] = if cfg!(target_os = "macos") {
    [("LANG", "C"), ("LC_CTYPE", "UTF-8")]
} else {
    [("LANG", "C"), ("LC_ALL", "C")]
};

/// A running tool.
pub(crate) struct Tool {
    line: String,
    child: std::io::Result<Child>,
    deadline: Instant,
}

impl Tool {
    /// Starts the program at this absolute path, in English and with no other environment.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(LOCALE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let line = [&[program], arguments].concat().join(" ");
        Self { line, child, deadline: Instant::now() + DEADLINE }
    }

    /// The output up to its end.
    pub(crate) fn output(self) -> Reading<String> {
        let mut child = match self.child {
            Ok(child) => child,
            Err(error) => {
                return Reading::Unknown(Unread::Failed(format!("{}: {error}", self.line)));
            }
        };
        let output = read(&mut child, self.deadline);
        // Nothing else is needed of it. Killing fails if it has ended.
        child.kill().ok();
        child.wait().ok();
        match output {
            Ok(bytes) => Reading::Known(String::from_utf8_lossy(&bytes).into_owned()),
            Err(Errno::TIMEDOUT) => Reading::Unknown(Unread::TimedOut),
            Err(Errno::FBIG) => Reading::Unknown(Unread::Malformed(format!(
                "{}: it printed more than {} MiB",
                self.line,
                OUTPUT_LIMIT >> 20
            ))),
            Err(error) => Reading::Unknown(Unread::Failed(format!("{}: {error}", self.line))),
        }
    }
}

/// The output, which is refused if it is longer than `OUTPUT_LIMIT`.
fn read(child: &mut Child, deadline: Instant) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    let Some(output) = child.stdout.as_mut() else { return Err(Errno::PIPE) };
    let mut chunk = [0; 16 * 1024];
    while bytes.len() as u64 <= OUTPUT_LIMIT {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
        match poll(&mut [PollFd::new(&*output, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(Errno::TIMEDOUT),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error),
        }
        match output.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
        }
    }
    Err(Errno::FBIG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_output_or_gives_up_at_the_deadline() {
        let output = Tool::start("/bin/echo", &["one", "two"]).output();
        assert_eq!(output, Reading::Known("one two\n".to_owned()));
        let start = Instant::now();
        assert_eq!(Tool::start("/bin/sleep", &["60"]).output(), Reading::Unknown(Unread::TimedOut));
        assert!(start.elapsed() < Duration::from_mins(1), "the tool was waited for");
        let endless = Tool::start("/bin/cat", &["/dev/zero"]).output();
        assert!(
            matches!(&endless, Reading::Unknown(Unread::Malformed(why)) if why.ends_with("more than 4 MiB")),
            "{endless:?}"
        );
        let missing = Tool::start("/nonexistent/tool", &["-a"]).output();
        assert!(
            matches!(&missing, Reading::Unknown(Unread::Failed(why)) if why.starts_with("/nonexistent/tool -a: ")),
            "{missing:?}"
        );
    }
}
