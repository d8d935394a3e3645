//! What was measured beside what was asked, the misses first.

use std::fmt::Write as _;

/// One promise and its measurement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) measured: f64,
    /// What must hold; `None` for a row that is there to compare with.
    pub(crate) asked: Option<Asked>,
    pub(crate) unit: &'static str,
    /// More about the measurement, such as the slowest run.
    pub(crate) note: String,
}

/// The bound of a promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Asked {
    AtLeast(f64),
    AtMost(f64),
    Exactly(f64),
}

impl Row {
    fn misses(&self) -> bool {
        match self.asked {
            None => false,
            Some(Asked::AtLeast(bound)) => self.measured < bound,
            Some(Asked::AtMost(bound)) => self.measured > bound,
            Some(Asked::Exactly(value)) => (self.measured - value).abs() > f64::EPSILON,
        }
    }

    fn asked_text(&self) -> String {
        match self.asked {
            None => "–".to_owned(),
            Some(Asked::AtLeast(bound)) => format!("≥ {bound}"),
            Some(Asked::AtMost(bound)) => format!("≤ {bound}"),
            Some(Asked::Exactly(value)) => format!("{value}"),
        }
    }
}

/// The table as text.
pub(crate) fn render(mut rows: Vec<Row>) -> String {
    rows.sort_by_key(|row| !row.misses());
    let misses = rows.iter().filter(|row| row.misses()).count();
    let mut text = format!("\n{:<6} {:<44} {:>9} {:>8}\n", "", "", "measured", "asked");
    for row in &rows {
        let mark = if row.misses() { "MISS" } else { "" };
        let (what, measured, unit, note) = (&row.what, row.measured, row.unit, &row.note);
        let asked = row.asked_text();
        writeln!(text, "{mark:<6} {what:<44} {measured:>9.1} {asked:>8} {unit:<9} {note}")
            .unwrap_or_else(|_| unreachable!("writing to a string does not fail"));
    }
    text + &format!(
        "\n{misses} of {} promises missed",
        rows.iter().filter(|row| row.asked.is_some()).count()
    )
}

#[cfg(test)]
mod tests {
    use super::{Asked, Row, render};

    fn row(what: &str, measured: f64, asked: Option<Asked>) -> Row {
        Row { what: what.to_owned(), measured, asked, unit: "ms", note: String::new() }
    }

    #[test]
    fn misses_come_first() {
        let text = render(vec![
            row("kept", 4.0, Some(Asked::AtMost(5.0))),
            row("compared", 9.0, None),
            row("slow", 1.0, Some(Asked::AtLeast(2.0))),
            row("missed", 6.0, Some(Asked::AtMost(5.0))),
            row("counted", 99.0, Some(Asked::Exactly(100.0))),
        ]);
        let order: Vec<_> = ["slow", "missed", "counted", "kept", "compared"]
            .map(|what| text.find(what).expect("a row"))
            .to_vec();
        assert!(order.is_sorted(), "{text}");
        assert!(text.ends_with("3 of 4 promises missed"), "{text}");
    }
}
