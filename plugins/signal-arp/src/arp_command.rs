//! macOS: the output of `/usr/sbin/arp -an`, with a deadline.

use std::{
    io::{self, Read as _},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use vmkit_plugin::{Error, Result};

use crate::{
    parse,
    snapshot::TEXT_LIMIT,
    table::{Entry, Interest},
};

/// Where macOS has it.
#[cfg(target_os = "macos")]
const ARP: &str = "/usr/sbin/arp";

/// The whole table at one moment.
#[cfg(target_os = "macos")]
pub(crate) struct Table(Vec<u8>);

/// Reads the table.
#[cfg(target_os = "macos")]
pub(crate) fn read(budget: Duration) -> Result<Table> {
    run(ARP, budget).map(Table)
}

#[cfg(target_os = "macos")]
impl Table {
    /// The entries that matter to this batch. Nothing is waited for.
    pub(crate) fn entries(&mut self, interest: &Interest, _: Duration) -> Vec<Entry> {
        entries(&self.0, interest)
    }
}

/// All entries, and the text that they stand in.
#[cfg(target_os = "macos")]
pub(crate) fn read_whole(budget: Duration) -> Result<crate::snapshot::Whole> {
    let text = run(ARP, budget)?;
    let entries = entries(&text, &Interest::everything());
    Ok(crate::snapshot::Whole { entries, artefact: parse::ARP_TXT, text })
}

/// What it prints. Without `-n` it would look up names, which is slow.
fn run(program: &str, budget: Duration) -> Result<Vec<u8>> {
    let mut command = Command::new(program);
    command.arg("-an");
    output(command, budget).map_err(|error| Error::io(&format!("run {program} -an"), &error))
}

fn entries(output: &[u8], interest: &Interest) -> Vec<Entry> {
    String::from_utf8_lossy(output)
        .lines()
        .filter_map(parse::arp::entry)
        .filter(|entry| interest.covers(entry.address, entry.mac))
        .collect()
}

/// Standard output of a command that ends by itself and within `budget`; else it is killed.
fn output(mut command: Command, budget: Duration) -> io::Result<Vec<u8>> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env_clear()
        .spawn()?;
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        let read = stdout.take(TEXT_LIMIT).read_to_end(&mut output).map(|_| output);
        // Nobody listens after the deadline.
        sender.send(read).ok();
    });
    let read =
        receiver.recv_timeout(budget).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    // One that has closed its output has nothing more to say, so it is ended in any case; that
    // also closes the pipe, and the reader ends.
    child.kill().ok();
    let status = child.wait();
    reader.join().ok();
    let output = read?;
    match status {
        Ok(status) if output.is_empty() && status.code().is_some_and(|code| code != 0) => {
            Err(io::Error::other(format!("it ended with {status}")))
        }
        _ => Ok(output),
    }
}

#[cfg(test)]
mod tests {
    use vmkit_plugin::Subject;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_is_read_to_its_end() {
        let read = output(shell("echo one; echo two"), Duration::from_mins(1)).unwrap();
        assert_eq!(read, b"one\ntwo\n");
    }

    #[test]
    fn a_command_that_hangs_is_killed_at_the_deadline() {
        let error = output(shell("exec cat /dev/zero >/dev/null"), Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_command_that_fails_says_so() {
        let error = output(shell("exit 3"), Duration::from_mins(1)).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_missing_command_is_named() {
        let error = run("/nowhere/arp", Duration::from_mins(1)).unwrap_err();
        assert!(error.message.starts_with("run /nowhere/arp -an: No such file"), "{error}");
    }

    #[test]
    fn only_entries_of_interest_are_kept() {
        let macs = vec!["52:54:0:4b:5e:57".parse().unwrap()];
        let candidates = vec!["192.168.64.36".parse().unwrap()];
        let interest = Interest::new(&[Subject { macs, candidates, ..Subject::default() }]);
        let kept = entries(include_bytes!("../tests/data/arp-an.txt"), &interest);
        let kept: Vec<_> = kept.iter().map(|entry| entry.address.to_string()).collect();
        assert_eq!(kept, ["169.254.8.124", "192.168.1.64", "192.168.64.36"]);
    }
}
