//! A hosts file taken apart: what is before our block, the block, and what is after it.

use std::collections::HashSet;

use crate::{Entry, OwnLine, line};

/// The first line of the block. What follows `vmkit` is for people.
const BEGIN: &str = "# BEGIN vmkit";
const BEGIN_LINE: &str =
    "# BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are lost";
const END: &str = "# END vmkit";
/// At the end of the first line where the file did not end with a line break before us.
const JOINED: &str = " (joined)";

/// A hosts file, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsFile<'a> {
    /// Bytes before the block.
    before: &'a [u8],
    /// Bytes after the block.
    after: &'a [u8],
    /// Number of the first line after the block.
    line_after: usize,
    /// The block, where there is one.
    pub block: Option<Block>,
    crlf: bool,
}

/// Our block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Its lines, in their order.
    pub lines: Vec<OwnLine>,
    /// A line break before the block is ours: the file did not end with one.
    joined: bool,
}

/// Why a file is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A block begins and does not end.
    #[error("line {0}: the block of vmkit begins here and does not end")]
    Unended(usize),
    /// A block ends that has not begun.
    #[error("line {0}: a block of vmkit ends here that has not begun")]
    Unbegun(usize),
    /// There is another block already.
    #[error("line {0}: a second block of vmkit begins here")]
    Second(usize),
}

impl<'a> HostsFile<'a> {
    /// Takes the bytes apart.
    ///
    /// # Errors
    /// The marks of our block do not fit together: somebody has edited them.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut file = Self {
            before: bytes,
            after: &[],
            line_after: 1,
            block: None,
            crlf: bytes.split(|byte| *byte == b'\n').next().is_some_and(|l| l.ends_with(b"\r")),
        };
        let mut open: Option<(usize, usize, Block)> = None;
        let mut at = 0;
        for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let start = at;
            at += line.len();
            let text = line.trim_ascii_end();
            if text.starts_with(BEGIN.as_bytes()) {
                if open.is_some() || file.block.is_some() {
                    return Err(Malformed::Second(number));
                }
                let joined = text.ends_with(JOINED.as_bytes());
                // The line break that joins us is of the same kind as that of our first line.
                let joining = if joined { 1 + usize::from(line.ends_with(b"\r\n")) } else { 0 };
                let begin = start.saturating_sub(joining);
                open = Some((number, begin, Block { lines: Vec::new(), joined }));
            } else if text == END.as_bytes() {
                let (_, begin, block) = open.take().ok_or(Malformed::Unbegun(number))?;
                (file.before, file.after) = (&bytes[..begin], &bytes[at..]);
                file.line_after = number + 1;
                file.block = Some(block);
            } else if let Some((_, _, block)) = &mut open {
                block.lines.extend(OwnLine::read(number, text));
            }
        }
        match open {
            Some((number, _, _)) => Err(Malformed::Unended(number)),
            None => Ok(file),
        }
    }

    /// The entries of others that have one of these names, which are in lower case, in their order.
    pub fn entries_with(&self, names: &HashSet<String>) -> Vec<Entry> {
        let lines = |bytes: &'a [u8], first: usize| {
            (first..).zip(bytes.split_inclusive(|byte| *byte == b'\n'))
        };
        let all = lines(self.before, 1).chain(lines(self.after, self.line_after));
        all.filter_map(|(number, text)| line::entry_with(names, number, text)).collect()
    }

    /// The file with these lines as its block; without any, without a block.
    pub(crate) fn with(&self, lines: &[OwnLine]) -> Vec<u8> {
        let mut bytes = self.before.to_vec();
        if !lines.is_empty() {
            let end = if self.crlf { "\r\n" } else { "\n" };
            let joined = match &self.block {
                Some(block) => block.joined,
                None => !self.before.is_empty() && !self.before.ends_with(b"\n"),
            };
            let mut push = |text: &str| {
                bytes.extend_from_slice(text.as_bytes());
                bytes.extend_from_slice(end.as_bytes());
            };
            if joined {
                push("");
            }
            push(&format!("{BEGIN_LINE}{}", if joined { JOINED } else { "" }));
            for line in lines {
                push(&line.text());
            }
            push(END);
        }
        bytes.extend_from_slice(self.after);
        bytes
    }
}
