//! Who holds a lock.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use vmkit_types::{bounded, escaped};

/// Longest command line that is written down.
const COMMAND_LIMIT: usize = 200;

/// A command that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process, if it could be read.
    pub pid: Option<u32>,
    /// What was called.
    pub command: String,
}

impl Holder {
    /// The holder that has signed the file.
    pub(crate) fn read(mut file: File) -> Self {
        let mut bytes = Vec::new();
        let read = file.rewind().and_then(|()| file.take(1024).read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(if read.is_ok() { &bytes } else { &[] });
        let mut lines = text.lines();
        let pid = lines.next().and_then(|pid| pid.parse().ok());
        let command = bounded(lines.next().unwrap_or_default(), COMMAND_LIMIT).to_owned();
        Self { pid, command }
    }

    /// Whether its process has ended.
    pub(crate) fn is_gone(&self) -> bool {
        let pid = self.pid.and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) if self.command.is_empty() => write!(f, "process {pid} works on it"),
            Some(pid) => write!(f, "`{}` (process {pid}) works on it", escaped(&self.command)),
            None => f.write_str("another command works on it"),
        }
    }
}

/// Writes down who holds the lock.
pub(crate) fn sign(mut file: File) -> io::Result<()> {
    let words: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let program = words.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let command = std::iter::once(program).chain(words.iter().skip(1).map(String::as_str));
    let command = command.collect::<Vec<_>>().join(" ");
    let text = format!("{}\n{}\n", std::process::id(), bounded(&command, COMMAND_LIMIT));
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}
