//! The table of measurements and limits, misses first.

use std::fmt::Write as _;

/// A measurement and its limit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) measured: f64,
    /// The limit. `None`: only for comparison.
    pub(crate) asked: Option<Limit>,
    pub(crate) unit: &'static str,
    /// More about the measurement, such as the slowest run.
    pub(crate) note: String,
}

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
    Exactly(f64),
}

impl Row {
    fn misses(&self) -> bool {
        match self.asked {
            None => false,
            Some(Limit::AtLeast(bound)) => self.measured < bound,
            Some(Limit::AtMost(bound)) => self.measured > bound,
            Some(Limit::Exactly(value)) => (self.measured - value).abs() > f64::EPSILON,
        }
    }

    fn asked_text(&self) -> String {
        match self.asked {
            None => "–".to_owned(),
            Some(Limit::AtLeast(bound)) => format!("≥ {bound}"),
            Some(Limit::AtMost(bound)) => format!("≤ {bound}"),
            Some(Limit::Exactly(value)) => format!("{value}"),
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
            .unwrap_or_else(|_| unreachable!("writing to a string cannot fail"));
    }
    text + &format!(
        "\n{misses} of {} limits missed",
        rows.iter().filter(|row| row.asked.is_some()).count()
    )
}

#[cfg(test)]
mod tests {
    use super::{Limit, Row, render};

    fn row(what: &str, measured: f64, asked: Option<Limit>) -> Row {
        Row { what: what.to_owned(), measured, asked, unit: "ms", note: String::new() }
    }

    #[test]
    fn lists_misses_first() {
        let text = render(vec![
            row("kept", 4.0, Some(Limit::AtMost(5.0))),
            row("compared", 9.0, None),
            row("slow", 1.0, Some(Limit::AtLeast(2.0))),
            row("missed", 6.0, Some(Limit::AtMost(5.0))),
            row("counted", 99.0, Some(Limit::Exactly(100.0))),
        ]);
        let order: Vec<_> = ["slow", "missed", "counted", "kept", "compared"]
            .map(|what| text.find(what).expect("a row"))
            .to_vec();
        assert!(order.is_sorted(), "{text}");
        assert!(text.ends_with("3 of 4 limits missed"), "{text}");
    }
}
