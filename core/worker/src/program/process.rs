//! The process of a program: its three streams, and its end.

use std::{
    fs::File,
    io::Read as _,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use rustix::process::{Pid, WaitOptions, WaitStatus, waitpid};
use vmkit_types::bounded;
use vmkit_wire::{FailureCode, FromWorker};

use crate::channel::Channel;

/// Why a program cannot go on.
pub(super) type Failure = (FailureCode, String);

/// How often it is looked whether a process that has closed its output has ended, and how long in between:
/// the kernel closes the output a moment before the end can be seen.
const LOOKS: usize = 200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// How long the rest of standard error may take once the process has ended: the kernel has closed it, unless a
/// process that it started holds it.
const REST: Duration = Duration::from_secs(1);

/// Most lines of standard error that are logged.
const MOST_LINES: usize = 100;
/// Longest line of standard error that is shown, in bytes.
const LONGEST_LINE: usize = 300;
/// The level at which standard error is logged: information.
const LEVEL: u32 = 3;

/// A process that runs the program.
pub(super) struct Started {
    pub(super) pid: i32,
    /// Its standard input.
    pub(super) input: File,
    /// Its standard output.
    pub(super) output: File,
    /// Its standard error.
    pub(super) errors: File,
}

/// The last line of standard error.
type LastLine = Arc<Mutex<String>>;

/// A process whose standard error is read.
pub(super) struct Process {
    pid: Option<Pid>,
    last_line: LastLine,
    /// Closed once its standard error has been read to the end.
    read: Mutex<Receiver<()>>,
}

impl Process {
    /// Reads its standard error from now on, so that it can always write there.
    pub(super) fn new(pid: i32, errors: File, channel: &Arc<Channel>) -> Self {
        let last_line = LastLine::default();
        let (channel, kept) = (Arc::clone(channel), Arc::clone(&last_line));
        let (reads, read) = mpsc::channel::<()>();
        // Without the thread a program that writes much there stands still until its deadline.
        let reader = move || {
            read_errors(errors, &channel, &kept);
            drop(reads);
        };
        thread::Builder::new().name("stderr".to_owned()).spawn(reader).ok();
        Self { pid: Pid::from_raw(pid), last_line, read: Mutex::new(read) }
    }

    /// How it ended, after its standard output did.
    pub(super) fn end(&self) -> Failure {
        let status = (0..LOOKS).find_map(|look| {
            if look > 0 {
                thread::park_timeout(BETWEEN_LOOKS);
            }
            waitpid(self.pid, WaitOptions::NOHANG).ok().flatten()
        });
        if status.is_some() {
            let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            // Nothing is ever sent: it ends with the reader, or with the patience.
            read.recv_timeout(REST).ok();
        }
        let last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        let because = if last.is_empty() { String::new() } else { format!(": {last}") };
        (FailureCode::Died, format!("{}{because}", how(status.map(|(_, status)| status))))
    }
}

fn how(status: Option<WaitStatus>) -> String {
    let Some(status) = status else { return "its program closed its standard output".to_owned() };
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => format!("its program died of signal {signal}"),
        (None, Some(code)) => format!("its program ended with status {code}"),
        (None, None) => "its program ended".to_owned(),
    }
}

fn read_errors(mut errors: File, channel: &Channel, last_line: &Mutex<String>) {
    let (mut line, mut chunk, mut left) = (Vec::new(), vec![0; 4096], MOST_LINES);
    while let Ok(count @ 1..) = errors.read(&mut chunk) {
        for byte in &chunk[..count] {
            if *byte == b'\n' {
                log(&line, channel, last_line, &mut left);
                line.clear();
            } else if line.len() < LONGEST_LINE {
                line.push(*byte);
            }
        }
    }
    log(&line, channel, last_line, &mut left);
}

fn log(line: &[u8], channel: &Channel, last_line: &Mutex<String>, left: &mut usize) {
    let text = String::from_utf8_lossy(line);
    if text.trim().is_empty() {
        return;
    }
    let text = bounded(&text, LONGEST_LINE).to_owned();
    last_line.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&text);
    if let Some(fewer) = left.checked_sub(1) {
        *left = fewer;
        if LEVEL <= channel.log_level {
            let target = "stderr".to_owned();
            // A log line that cannot be delivered is lost.
            channel.send(&FromWorker::Log { level: LEVEL, target, message: text }).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_a_program_ended() {
        assert_eq!(how(None), "its program closed its standard output");
        let status = |code: &str| {
            let mut child = std::process::Command::new("sh").args(["-c", code]).spawn().unwrap();
            let pid = Pid::from_child(&child);
            let (_, status) = waitpid(Some(pid), WaitOptions::empty()).unwrap().unwrap();
            child.try_wait().ok();
            how(Some(status))
        };
        assert_eq!(status("exit 3"), "its program ended with status 3");
        assert_eq!(status("kill -9 $$"), "its program died of signal 9");
    }
}
