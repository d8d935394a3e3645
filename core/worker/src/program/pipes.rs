//! Lines from and to a program.

use std::{
    fs::File,
    io::{Read, Write as _},
    sync::{Mutex, PoisonError},
};

use vmkit_wire::{FailureCode, HostLine, LINE_LIMIT, ProgramLine};

use super::process::Failure;

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;
/// Most bytes that a program may write in its life: all the facts of 10,000 machines fit.
const MOST_BYTES: usize = 32 << 20;
/// How much of a line an error shows, in characters.
const EXCERPT: usize = 60;

/// The program's standard input.
pub(super) struct Input(Mutex<File>);

impl Input {
    pub(super) fn new(file: File) -> Self {
        Self(Mutex::new(file))
    }

    /// Writes one line. A program that does not read it is found out by what it writes.
    pub(super) fn say(&self, line: &HostLine<'_>) {
        let Ok(mut text) = serde_json::to_vec(line) else { return };
        text.push(b'\n');
        // A poisoned lock is harmless: the lock guards one `write_all`, which does not panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&text).ok();
    }
}

/// The program's standard output.
pub(super) struct Output<R> {
    file: R,
    buffer: Vec<u8>,
    /// Where the present line begins in the buffer.
    start: usize,
    /// Up to where the buffer was searched for its end.
    searched: usize,
    received: usize,
}

impl<R: Read> Output<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file, buffer: Vec::new(), start: 0, searched: 0, received: 0 }
    }

    /// The next line that this version knows; `None`: the output has ended. What stands behind the last
    /// end of a line is no line.
    pub(super) fn next(&mut self) -> Result<Option<ProgramLine>, Failure> {
        loop {
            let rest = &self.buffer[self.searched..];
            let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                if self.searched - self.start > LINE_LIMIT {
                    return Err(broken("a line of more than 1 MiB"));
                }
                if !self.fill()? {
                    return Ok(None);
                }
                continue;
            };
            let end = self.searched + length;
            let line = parse(&self.buffer[self.start..end]);
            (self.start, self.searched) = (end + 1, end + 1);
            match line? {
                ProgramLine::Unknown => {}
                line => return Ok(Some(line)),
            }
        }
    }

    /// Reads more; `false`: there is no more.
    fn fill(&mut self) -> Result<bool, Failure> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        let from = self.buffer.len();
        self.buffer.resize(from + CHUNK, 0);
        let count = self.file.read(&mut self.buffer[from..]).unwrap_or(0);
        self.buffer.truncate(from + count);
        self.received += count;
        if self.received > MOST_BYTES {
            return Err((FailureCode::Flood, "it wrote more than 32 MiB".to_owned()));
        }
        Ok(count > 0)
    }
}

fn parse(line: &[u8]) -> Result<ProgramLine, Failure> {
    if line.len() > LINE_LIMIT {
        return Err(broken("a line of more than 1 MiB"));
    }
    serde_json::from_slice(line).map_err(|error| {
        let text: String = String::from_utf8_lossy(line).chars().take(EXCERPT).collect();
        broken(&format!("a line that is not of the protocol ({error}): {text}"))
    })
}

fn broken(what: &str) -> Failure {
    (FailureCode::Protocol, format!("it wrote {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines in debug format, or how they end.
    fn read(text: &[u8]) -> Vec<String> {
        let mut output = Output::new(text);
        let mut lines = Vec::new();
        loop {
            match output.next() {
                Ok(None) => return lines,
                Ok(Some(line)) => lines.push(format!("{line:?}")),
                Err((code, message)) => {
                    lines.push(format!("{code:?}: {message}"));
                    return lines;
                }
            }
        }
    }

    #[test]
    fn reads_lines_and_says_which_is_none() {
        let deep = format!("{{\"type\":\"done\",\"x\":{}}}\n", "[".repeat(100_000));
        let long = format!("{{\"type\":\"done\",\"x\":\"{}\"}}\n", "x".repeat(LINE_LIMIT));
        let endless = "x".repeat(2 * LINE_LIMIT);
        let rows: [(&str, &[&str]); 12] = [
            ("", &[]),
            ("{\"type\":\"done\"}", &[]),
            ("{\"type\":\"done\"}\n{\"type\":\"processes\",\"later\":1}\n", &["Done", "Processes"]),
            ("{\"type\":\"sing\",\"x\":[1]}\n{\"type\":\"done\"}\n", &["Done"]),
            (
                "{\"type\":\"log\",\"message\":\"\\u00e9\"}\n",
                &["Log { level: Info, message: \"é\" }"],
            ),
            ("\n", &["Protocol: it wrote a line that is not of the protocol (EOF"]),
            ("NaN\n", &["Protocol: it wrote a line that is not of the protocol (expected value"]),
            ("{\"type\":\"ready\",\"protocol\":NaN}\n", &["Protocol: it wrote a line that is not"]),
            (
                "{\"type\":\"console\"}\n",
                &["Protocol: it wrote a line that is not of the protocol (missing"],
            ),
            (&deep, &["Protocol: it wrote a line that is not of the protocol (recursion limit"]),
            (&long, &["Protocol: it wrote a line of more than 1 MiB"]),
            (&endless, &["Protocol: it wrote a line of more than 1 MiB"]),
        ];
        for (text, expected) in rows {
            let lines = read(text.as_bytes());
            let fits = lines.iter().zip(expected).all(|(line, start)| line.starts_with(start));
            assert!(fits && lines.len() == expected.len(), "{text:.80}: {lines:?}");
        }
    }

    #[test]
    fn a_line_that_is_not_text_is_none_of_the_protocol() {
        let lines = read(b"\xff\xfe\n");
        assert!(lines[0].starts_with("Protocol"), "{lines:?}");
    }

    #[test]
    fn a_flood_of_lines_that_mean_nothing_ends() {
        let text = "{\"type\":\"sing\"}\n".repeat(MOST_BYTES / 16 + 1024);
        assert_eq!(read(text.as_bytes()), ["Flood: it wrote more than 32 MiB"]);
    }
}
