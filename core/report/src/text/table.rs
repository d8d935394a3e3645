//! Aligned columns that fit a width.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Terminal, style::Role};

/// Columns between two cells.
const GAP: usize = 2;

/// Least width of a column that is cut: enough to distinguish names.
const LEAST_CUT: usize = 12;

/// One cell: escaped text and its role.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    pub(super) fn new(role: Role, text: impl Into<String>) -> Self {
        Self { text: text.into(), role }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Appends a mark and changes the role.
    pub(super) fn mark(&mut self, mark: &str, role: Role) {
        self.text.push_str(mark);
        self.role = role;
    }
}

/// Rows under a heading. If the width does not suffice, dispensable columns are dropped and then
/// the first column is cut.
pub(super) struct Table<const COLUMNS: usize> {
    pub(super) heading: [&'static str; COLUMNS],
    /// Indices of columns, in the order in which they are dropped.
    pub(super) dispensable: &'static [usize],
    /// Indices of columns that are not shown, because they say the same in each row.
    pub(super) omitted: &'static [usize],
    pub(super) rows: Vec<[Cell; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(super) fn write(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        let widths = self.fitting(terminal.width);
        let heading = self.heading.map(|text| Cell::new(Role::Heading, text));
        for row in std::iter::once(&heading).chain(&self.rows) {
            let mut line = String::new();
            let mut pending = 0;
            for (cell, width) in row.iter().zip(widths) {
                let Some(width) = width else { continue };
                let text = cut(&cell.text, width);
                line.extend(std::iter::repeat_n(' ', pending));
                line.push_str(&terminal.style.paint(cell.role, &text));
                pending = width.saturating_sub(text.width()) + GAP;
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// The width of each column; `None`: it is dropped.
    fn fitting(&self, available: Option<usize>) -> [Option<usize>; COLUMNS] {
        let mut widths = self.heading.map(|text| Some(text.width()));
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(Some(cell.text.width()));
            }
        }
        for column in self.omitted {
            widths[*column] = None;
        }
        let Some(available) = available else { return widths };
        for column in std::iter::once(None).chain(self.dispensable.iter().map(Some)) {
            if let Some(column) = column {
                widths[*column] = None;
            }
            let total: usize = widths.iter().flatten().map(|width| width + GAP).sum();
            let excess = total.saturating_sub(GAP).saturating_sub(available);
            let Some(Some(first)) = widths.first_mut() else { return widths };
            let cut_to = first.saturating_sub(excess);
            if excess == 0 || cut_to >= LEAST_CUT {
                *first = cut_to;
                return widths;
            }
        }
        if let Some(first) = widths.first_mut() {
            *first = (*first).min(Some(LEAST_CUT));
        }
        widths
    }
}

/// The text in at most `width` columns, with `…` in place of what was cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut out = String::new();
    for character in text.chars() {
        let columns = character.width().unwrap_or(0);
        if columns > left {
            break;
        }
        left -= columns;
        out.push(character);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, width: Option<usize>) -> String {
        let cell = |text: &str| Cell::new(Role::Normal, text);
        let table = Table {
            heading: ["NAME", "IP", "UPTIME"],
            dispensable: &[2],
            omitted: &[],
            rows: vec![[cell(name), cell("10.0.0.1"), cell("1h 2m")]],
        };
        let mut out = Vec::new();
        table.write(&mut out, Terminal { width, ..Terminal::default() }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn drops_and_cuts_columns_until_the_line_fits() {
        let long = "a-name-of-nineteen-";
        let rows = [
            (None, "a-name-of-nineteen-  10.0.0.1  1h 2m"),
            (Some(37), "a-name-of-nineteen-  10.0.0.1  1h 2m"),
            (Some(32), "a-name-of-nin…  10.0.0.1  1h 2m"),
            (Some(29), "a-name-of-nineteen-  10.0.0.1"),
            (Some(24), "a-name-of-nin…  10.0.0.1"),
            (Some(5), "a-name-of-n…  10.0.0.1"),
        ];
        for (width, expected) in rows {
            assert_eq!(written(long, width).lines().nth(1), Some(expected), "{width:?}");
        }
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert!(written("机器", None).contains("机器  10.0.0.1"));
        assert_eq!(cut("机器机器", 5), "机器…");
        assert_eq!(cut("ab", 0), "…");
    }
}
