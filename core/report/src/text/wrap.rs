//! Paragraphs in the width of the terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::Terminal;

/// Columns of a paragraph without a terminal, and most columns with one: longer lines read badly.
const WIDEST: usize = 96;
/// A paragraph is never narrower, whatever its indentation.
const NARROWEST: usize = 24;

/// Writes a text wrapped between words, with `first` before the first line and `rest` before
/// others.
pub(super) fn wrapped(
    out: &mut impl Write,
    terminal: Terminal,
    first: &str,
    rest: &str,
    text: &str,
) -> io::Result<()> {
    let width = terminal.width.unwrap_or(WIDEST).min(WIDEST);
    let room = width.saturating_sub(first.width().max(rest.width())).max(NARROWEST);
    let mut line = String::new();
    let mut before = first;
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            writeln!(out, "{before}{line}")?;
            (before, line) = (rest, String::new());
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{before}{line}")
}
