//! Splits a hosts file into our block and what stands before and after it.

use std::collections::HashSet;

use crate::{Entry, OwnLine, line};

/// The start of the block's first line. The rest of that line is for people.
const BEGIN: &str = "# BEGIN vmkit";
const BEGIN_LINE: &str =
    "# BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are lost";
const END: &str = "# END vmkit";
/// Ends the block's first line if the file had no final line break before.
const JOINED: &str = " (joined)";

/// A parsed hosts file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsFile<'a> {
    /// Bytes before the block.
    before: &'a [u8],
    /// Bytes after the block.
    after: &'a [u8],
    /// Number of the first line after the block.
    line_after: usize,
    /// The block, if there is one.
    pub block: Option<Block>,
    crlf: bool,
}

/// Our block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The lines in order.
    pub lines: Vec<OwnLine>,
    /// We added the line break before the block.
    joined: bool,
}

/// Why a file is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A block has no end.
    #[error("line {0}: this `BEGIN vmkit` has no END")]
    Unended(usize),
    /// An end has no block.
    #[error("line {0}: this `END vmkit` has no BEGIN")]
    Unbegun(usize),
    /// A second block.
    #[error("line {0}: a second `BEGIN vmkit`")]
    Second(usize),
}

impl<'a> HostsFile<'a> {
    /// Parses the bytes.
    ///
    /// # Errors
    /// The `BEGIN` and `END` lines of our block do not match, so somebody has edited them.
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
                // Our line break before the block is of the same kind as that of our first line.
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

    /// The entries outside of our block with one of these names (in lower case), in order.
    pub(crate) fn entries_with(&self, names: &HashSet<String>) -> Vec<Entry> {
        let lines = |bytes: &'a [u8], first: usize| {
            (first..).zip(bytes.split_inclusive(|byte| *byte == b'\n'))
        };
        let all = lines(self.before, 1).chain(lines(self.after, self.line_after));
        all.filter_map(|(number, text)| line::entry_with(names, number, text)).collect()
    }

    /// The bytes before and after our block.
    pub(crate) fn outside(&self) -> [&'a [u8]; 2] {
        [self.before, self.after]
    }

    /// The file with these lines as its block, or without a block if there are none.
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
