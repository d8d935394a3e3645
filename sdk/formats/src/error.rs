//! Why a file could not be read.

use std::fmt;

use vmkit_types::{bounded, escaped};

/// How many bytes of a file's text an error shows.
const EXCERPT: usize = 40;

/// Where in a file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line of a text, from 1.
    Line(usize),
    /// A byte of a binary file, from 0.
    Byte(usize),
}

/// Why a file could not be read: the format, the place and what was met there, on one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{format}{place}: {what}")]
pub struct FormatError {
    /// The format, such as `XML`.
    pub format: &'static str,
    /// Where.
    pub place: Place,
    /// What was met there. Parts of the file in it are escaped and short.
    pub what: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => Ok(()),
            Self::Line(line) => write!(f, ", line {line}"),
            Self::Byte(byte) => write!(f, ", byte {byte}"),
        }
    }
}

impl Place {
    /// The text of a file, without a byte order mark; else the line that is not UTF-8.
    pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Self> {
        let text = str::from_utf8(bytes).map_err(|invalid| {
            let valid = str::from_utf8(&bytes[..invalid.valid_up_to()]).unwrap_or_default();
            Self::line_at(valid, valid.len())
        })?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// The line in which this byte of a text is.
    pub(crate) fn line_at(text: &str, byte: usize) -> Self {
        let before = text.as_bytes().iter().take(byte);
        Self::Line(1 + before.filter(|byte| **byte == b'\n').count())
    }
}

/// The beginning of a text from a file, on one line, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let short = bounded(text, EXCERPT);
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", escaped(short))
}

/// An error's text from a library, on one line and of bounded length.
pub(crate) fn one_line(error: impl fmt::Display) -> String {
    const LONGEST: usize = 200;
    escaped(bounded(&error.to_string(), LONGEST))
}
