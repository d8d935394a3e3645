//! macOS: the output of `/usr/sbin/arp -an` and `/usr/sbin/ndp -an`, with a deadline.
//!
//! The tools read the routing sysctl (`NET_RT_FLAGS`). Reading it directly would need unsafe code, because
//! no crate parses its neighbour table. And from macOS 26 on it is reported to be empty, or to have masked
//! MACs, for programs that Apple has not signed.

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

/// The tool for IPv4.
#[cfg(target_os = "macos")]
const ARP: &str = "/usr/sbin/arp";
/// The tool for IPv6.
#[cfg(target_os = "macos")]
const NDP: &str = "/usr/sbin/ndp";

/// The whole table at one moment.
#[cfg(target_os = "macos")]
pub(crate) struct Table(Vec<Text>);

/// The output of a tool, with its name in a snapshot.
type Text = (&'static str, Vec<u8>);

/// Reads the table. If the part for IPv6 fails, returns that for IPv4.
#[cfg(target_os = "macos")]
pub(crate) fn read(budget: Duration) -> Result<Table> {
    let (v4, v6) = thread::scope(|scope| {
        let v6 = scope.spawn(|| run(NDP, budget));
        (run(ARP, budget), v6.join())
    });
    let mut texts = vec![(parse::ARP_TXT, v4?)];
    texts.extend(v6.ok().and_then(Result::ok).map(|text| (parse::NDP_TXT, text)));
    Ok(Table(texts))
}

#[cfg(target_os = "macos")]
impl Table {
    /// The entries that are relevant to this batch.
    pub(crate) fn entries(&self, interest: &Interest, _: Duration) -> Vec<Entry> {
        entries(&self.0, interest)
    }

    /// The current entries of this batch's candidates.
    pub(crate) fn again(&mut self, interest: &Interest, budget: Duration) -> Result<Vec<Entry>> {
        let mut entries = entries(&read(budget)?.0, interest);
        entries.retain(|entry| interest.candidates().contains(&entry.address));
        Ok(entries)
    }

    /// The texts of the whole table, with their names in a snapshot.
    pub(crate) fn texts(&self, _: Duration) -> Vec<Text> {
        self.0.clone()
    }
}

/// The output of a tool. `-n` avoids looking up names, which is slow.
fn run(program: &str, budget: Duration) -> Result<Vec<u8>> {
    let mut command = Command::new(program);
    command.arg("-an");
    output(command, budget).map_err(|error| Error::io(&format!("run {program} -an"), &error))
}

fn entries(texts: &[Text], interest: &Interest) -> Vec<Entry> {
    let parsed = |(name, text): &Text| parse::parse(name, &String::from_utf8_lossy(text));
    let entries = texts.iter().filter_map(|text| parsed(text).ok()).flatten();
    entries.filter(|entry| interest.covers(entry.address, entry.mac)).collect()
}

/// The standard output of a command. Kills the command if it does not end within `budget`.
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
        // Nobody receives after the deadline.
        sender.send(read).ok();
    });
    let read =
        receiver.recv_timeout(budget).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    // A command that closed its output is done, so killing it does no harm. Killing also closes the
    // pipe, so that the reader ends.
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
    fn reads_output_to_its_end() {
        let read = output(shell("echo one; echo two"), Duration::from_mins(1)).unwrap();
        assert_eq!(read, b"one\ntwo\n");
    }

    #[test]
    fn kills_a_hanging_command_at_the_deadline() {
        let error = output(shell("exec cat /dev/zero >/dev/null"), Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn reports_a_failing_command() {
        let error = output(shell("exit 3"), Duration::from_mins(1)).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }

    #[test]
    fn reports_a_missing_command() {
        let error = run("/nowhere/arp", Duration::from_mins(1)).unwrap_err();
        assert!(error.message.starts_with("run /nowhere/arp -an: No such file"), "{error}");
    }

    #[test]
    fn keeps_relevant_entries_only() {
        let macs = vec!["52:54:0:4b:5e:57".parse().unwrap()];
        let candidates = vec!["192.168.64.36".parse().unwrap()];
        let interest = Interest::new(&[Subject { macs, candidates, ..Subject::default() }]);
        let text = include_bytes!("../tests/data/arp-an.txt").to_vec();
        let kept = entries(&[(parse::ARP_TXT, text)], &interest);
        let kept: Vec<_> = kept.iter().map(|entry| entry.address.to_string()).collect();
        assert_eq!(kept, ["169.254.8.124", "192.168.1.64", "192.168.64.36"]);
    }
}
