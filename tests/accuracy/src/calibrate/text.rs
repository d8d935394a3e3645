//! The table of weights as text, which keeps its comments when numbers change.

use vmkit_scoring::{Weights, WeightsError};

/// A table as text with the lines of its numbers.
#[derive(Clone, Debug)]
pub struct Table {
    lines: Vec<String>,
    numbers: Vec<Number>,
}

/// One number that can be fitted.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    /// `temperature`, or a kind for its `lr`, or a kind with " answered" for its `answered_lr`.
    pub name: String,
    /// The current value.
    pub value: f64,
    key: &'static str,
    line: usize,
}

/// Why a table cannot be fitted.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Scoring rejects the changed table.
    #[error("the fitted table of weights is not usable")]
    Weights(#[from] WeightsError),
    /// There is nothing to fit.
    #[error("the table of weights has no line `temperature = …` or no line `lr = …`")]
    NoNumbers,
}

impl Number {
    /// Whether the number may have this value: evidence for an address must not become evidence against
    /// it.
    pub(crate) fn allows(&self, value: f64) -> bool {
        match self.name.as_str() {
            "temperature" => (0.2..=5.0).contains(&value),
            _ => (self.value >= 1.0) == (value >= 1.0) && (1e-4..=1e5).contains(&value),
        }
    }
}

impl Table {
    /// Parses a table.
    ///
    /// # Errors
    /// Expected numbers are missing.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut kind = None;
        let mut numbers = Vec::new();
        for (line, content) in lines.iter().enumerate() {
            if content.starts_with('[') {
                let name = content.strip_prefix("[kinds.").and_then(|rest| rest.strip_suffix(']'));
                kind = name.map(str::to_owned);
            }
            let Some((key, value)) = content.split_once(" = ") else { continue };
            let Ok(value) = value.trim().parse::<f64>() else { continue };
            let (key, name) = match (key, &kind) {
                ("temperature", _) => ("temperature", "temperature".to_owned()),
                ("lr", Some(kind)) => ("lr", kind.clone()),
                ("answered_lr", Some(kind)) => ("answered_lr", format!("{kind} answered")),
                _ => continue,
            };
            numbers.push(Number { name, value, key, line });
        }
        if numbers.len() < 2 || !numbers.iter().any(|number| number.name == "temperature") {
            return Err(TableError::NoNumbers);
        }
        Ok(Self { lines, numbers })
    }

    /// The numbers in the order of their lines.
    pub(crate) fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// The same table with these numbers, in the same order, to three significant digits.
    #[must_use]
    pub(crate) fn with(&self, values: &[f64]) -> Self {
        let mut changed = self.clone();
        for (number, value) in changed.numbers.iter_mut().zip(values) {
            let unchanged = (value / number.value - 1.0).abs() < 1e-9;
            if unchanged {
                continue;
            }
            number.value = three_digits(*value);
            changed.lines[number.line] = format!("{} = {}", number.key, number.value);
        }
        changed
    }

    /// The same table with this id.
    #[must_use]
    pub fn named(mut self, id: &str) -> Self {
        if let Some(line) = self.lines.iter_mut().find(|line| line.starts_with("id = ")) {
            *line = format!("id = \"{id}\"");
        }
        self
    }

    /// The text.
    pub fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// The table for scoring.
    ///
    /// # Errors
    /// Scoring rejects it.
    pub fn weights(&self) -> Result<Weights, TableError> {
        Ok(Weights::parse(&self.text())?)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the exponent of an f64 fits")]
fn three_digits(value: f64) -> f64 {
    let exponent = 2 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(exponent);
    // Dividing by a power of ten prints shorter than multiplying by its inverse.
    if exponent < 0 {
        (value * scale).round() * 10_f64.powi(-exponent)
    } else {
        (value * scale).round() / scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../../../core/scoring/weights.toml");

    #[test]
    fn changes_only_the_numbers() {
        let table = Table::parse(TEXT).unwrap();
        assert_eq!(table.text(), TEXT);
        let mut values: Vec<f64> = table.numbers().iter().map(|number| number.value).collect();
        let at = table.numbers().iter().position(|n| n.name == "dns-address").unwrap();
        values[at] = 3.456_789;
        let changed = table.with(&values).named("corpus-1");
        let differing: Vec<_> = TEXT
            .lines()
            .zip(changed.text().lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|(before, after)| before != after)
            .map(|(_, after)| after)
            .collect();
        assert_eq!(differing, ["id = \"corpus-1\"", "lr = 3.46"]);
        assert_eq!(changed.weights().unwrap().id(), "corpus-1");
    }

    #[test]
    fn evidence_does_not_change_its_sign() {
        let number = |value| Number { name: "dns-address".into(), value, key: "lr", line: 0 };
        for (start, other, allowed) in [(4.0, 1.5, true), (4.0, 0.9, false), (0.5, 1.2, false)] {
            assert_eq!(number(start).allows(other), allowed, "{start} {other}");
        }
    }

    #[test]
    fn rounds_to_three_significant_digits() {
        for (value, rounded) in [(1234.5, 1230.0), (3.456, 3.46), (0.012_345, 0.0123)] {
            assert!((three_digits(value) - rounded).abs() < 1e-12, "{value}");
        }
    }
}
