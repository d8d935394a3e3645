//! Paragraphs in the width of the terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::Terminal;

/// Columns of a paragraph without a terminal: those of a mail, or of a terminal behind a pager.
const USUAL: usize = 80;
/// Most columns of a paragraph: longer lines read badly.
const WIDEST: usize = 96;
/// What stands behind a number.
const UNITS: [&str; 6] = ["%", "ms", "s", "min", "h", "dB"];
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
    lines(room(terminal), first, rest, text).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// The columns of a paragraph.
pub(super) fn room(terminal: Terminal) -> usize {
    terminal.width.unwrap_or(USUAL).min(WIDEST)
}

/// The same as lines of at most `width` columns.
pub(super) fn lines(width: usize, first: &str, rest: &str, text: &str) -> Vec<String> {
    let left = width.saturating_sub(columns(first).max(columns(rest))).max(NARROWEST);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut before = first;
    for word in words(text) {
        if !line.is_empty() && columns(&line) + 1 + columns(&word) > left {
            lines.push(format!("{before}{line}"));
            (before, line) = (rest, String::new());
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(format!("{before}{line}"));
    lines
}

/// The words of a text; a number stays with its unit.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let unit = word.trim_end_matches(|end: char| !end.is_alphanumeric() && end != '%');
        match words.last_mut().filter(|_| UNITS.contains(&unit)) {
            Some(number) if number.ends_with(|end: char| end.is_ascii_digit()) => {
                number.extend([" ", word]);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// At most `most` of the lines, of at most `width` columns; what is left out shows as an ellipsis.
pub(super) fn cut(mut lines: Vec<String>, most: usize, width: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while columns(last) + 2 > width
                && let Some((rest, _)) = last.trim_end().rsplit_once(' ')
            {
                *last = rest.to_owned();
            }
            last.push_str(" …");
        }
    }
    lines
}

/// The columns that a text takes: those of its own words, without what only sets a colour.
pub(super) fn columns(text: &str) -> usize {
    let mut parts = text.split("\u{1b}[");
    let plain = parts.next().map_or(0, str::width);
    let coloured = parts.map(|part| part.split_once('m').map_or(part, |(_, shown)| shown).width());
    plain + coloured.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_takes_no_columns() {
        let rows = [
            ("plain", 5),
            ("", 0),
            ("\u{1b}[1mbold\u{1b}[0m", 4),
            ("a\u{1b}[31mred\u{1b}[0mb", 5),
            ("日本", 4),
        ];
        for (text, expected) in rows {
            assert_eq!(columns(text), expected, "{text:?}");
        }
        let words = "one two three four five six seven";
        let plain = lines(40, "name: ", "  ", words);
        let coloured = lines(40, "\u{1b}[31mname\u{1b}[0m: ", "  ", words);
        let bare = |line: &String| line.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
        assert_eq!(coloured.iter().map(bare).collect::<Vec<_>>(), plain);
    }

    #[test]
    fn a_number_stays_with_its_unit() {
        let text = "the cause that is named has 7 %, and another has 12 min left";
        let expected = ["the cause that is named has", "7 %, and another has 12 min", "left"]
            .map(str::to_owned);
        assert_eq!(lines(28, "", "", text), expected);
        assert_eq!(lines(29, "", "", text)[0], "the cause that is named has");
    }

    #[test]
    fn a_cut_text_shows_that_it_was_cut() {
        let text = || lines(24, "", "", "one two three four five six seven eight nine");
        assert_eq!(text().len(), 2);
        assert_eq!(cut(text(), 2, 24), text());
        assert_eq!(cut(text(), 1, 24), ["one two three four …"]);
    }
}
