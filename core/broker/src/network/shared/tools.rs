//! Runs the firewall's tools.

use std::{
    io::{self, Read as _},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::retry_on_intr,
    process::{Pid, PidfdFlags, pidfd_open},
};
use vmkit_rights::{Refusal, find_program, run_command};

/// How long a tool may take to list the rules: 10,000 of them take a second.
const LISTING: Duration = Duration::from_secs(10);
/// Most octets of rules that are read.
const LONGEST: u64 = 16 << 20;

/// Runs one of the system's programs; its output is in the refusal if it fails.
pub(super) fn run(program: &str, arguments: &[String]) -> Result<String, Refusal> {
    let path = find_program(program).map_err(Refusal::failed)?;
    let failed = |why: &str| Refusal::failed(format!("{program} failed: {}", why.trim()));
    let result = run_command(&path, arguments, &[]).map_err(|error| failed(&error.to_string()))?;
    match result.status {
        Some(0) => Ok(result.output),
        _ if result.timed_out => Err(failed("it did not end before the deadline")),
        _ => Err(failed(&result.output)),
    }
}

/// All that a program prints. It is refused if the program fails, or prints more than is read.
pub(super) fn listing(program: &str, arguments: &[&str]) -> Result<String, Refusal> {
    let path = find_program(program).map_err(Refusal::failed)?;
    let failed = |why: &dyn std::fmt::Display| Refusal::failed(format!("{program} failed: {why}"));
    let mut child = Command::new(path)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    let deadline = Instant::now() + LISTING;
    let (sender, receiver) = channel();
    let output = child.stdout.take();
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = output.map(|output| output.take(LONGEST + 1).read_to_end(&mut text));
        // Nobody reads it after the deadline.
        sender.send(read.transpose().map(|_| text)).ok();
    });
    let text = receiver.recv_timeout(LISTING);
    let is_whole = matches!(&text, Ok(Ok(text)) if text.len() as u64 <= LONGEST);
    let status = if is_whole { end(&mut child, deadline) } else { Ok(None) };
    // Nothing else is needed of it. Killing fails if it has ended.
    child.kill().ok();
    child.wait().ok();
    let late = || failed(&"it did not end before the deadline");
    let text = text.map_err(|_| late())?.map_err(|error| failed(&error))?;
    if !is_whole {
        return Err(failed(&format!("it printed more than {} MiB", LONGEST >> 20)));
    }
    let status = status.map_err(|error| failed(&error))?.ok_or_else(late)?;
    if !status.success() {
        return Err(failed(&status));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How the program ended; `None`: it did not, by then.
fn end(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(io::Error::other)?;
    retry_on_intr(|| poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&left)))?;
    child.try_wait()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_all_that_a_program_prints_or_nothing() {
        assert_eq!(listing("echo", &["rule"]).unwrap(), "rule\n");
        for (program, arguments, why) in [
            ("false", &[][..], "false failed: exit status: 1"),
            ("cat", &["/dev/zero"], "cat failed: it printed more than 16 MiB"),
        ] {
            assert_eq!(listing(program, arguments).unwrap_err().message, why);
        }
    }
}
