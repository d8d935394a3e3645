//! The numbers of the catalogue, which a labelled corpus can fit.

use super::{contents::Catalogue, kinds::FindingKind};

/// A number of the catalogue, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// The file, below `core/diagnose`.
    pub file: String,
    /// The table in the file. `None`: before the first one.
    pub table: Option<&'static str>,
    /// The name in the table.
    pub key: &'static str,
    /// The probability, between 0 and 1.
    pub value: f64,
}

/// The file of the findings.
const FINDINGS: &str = "findings.toml";

impl Catalogue {
    /// The priors of causes, the probabilities that they produce findings, and the findings' leaks.
    pub fn numbers(&self) -> Vec<Number> {
        let unknown = Number {
            file: FINDINGS.to_owned(),
            table: None,
            key: "unknown_prior",
            value: self.unknown_prior,
        };
        let mut numbers = vec![unknown];
        for kind in &self.findings {
            let number = |key, value| Number {
                file: FINDINGS.to_owned(),
                table: Some(kind.code.code()),
                key,
                value,
            };
            numbers.push(number("leak", kind.leak));
            numbers.extend(has_by_unknown(kind).then(|| number("by_unknown", kind.by_unknown)));
        }
        for cause in &self.causes {
            let number = |table, key, value| Number {
                file: format!("causes/{}.toml", cause.code),
                table,
                key,
                value,
            };
            numbers.push(number(None, "prior", cause.prior));
            let produces = cause.produces.iter();
            numbers.extend(
                produces.map(|(finding, value)| number(Some("produces"), finding.code(), *value)),
            );
        }
        numbers
    }

    /// Sets these values, in the order of [`Catalogue::numbers`]. Further numbers stay as they are.
    pub fn set_numbers(&mut self, values: &[f64]) {
        let mut values = values.iter().copied();
        let mut set = |number: &mut f64| *number = values.next().unwrap_or(*number);
        set(&mut self.unknown_prior);
        for kind in &mut self.findings {
            let own = has_by_unknown(kind);
            set(&mut kind.leak);
            if own {
                set(&mut kind.by_unknown);
            } else {
                kind.by_unknown = kind.leak;
            }
        }
        for cause in &mut self.causes {
            set(&mut cause.prior);
            cause.produces.iter_mut().for_each(|(_, value)| set(value));
        }
    }
}

/// Whether its file states it. Otherwise it is the leak.
fn has_by_unknown(kind: &FindingKind) -> bool {
    kind.by_unknown.total_cmp(&kind.leak).is_ne()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_each_number_where_it_was_read() {
        let mut catalogue = Catalogue::builtin().unwrap();
        let numbers = catalogue.numbers();
        let each = (0_u32..).map(|at| 0.001 + 1e-6 * f64::from(at));
        let values: Vec<f64> = each.take(numbers.len()).collect();
        catalogue.set_numbers(&values);
        let changed: Vec<f64> = catalogue.numbers().iter().map(|number| number.value).collect();
        assert_eq!(changed, values);
        let same: Vec<f64> = numbers.iter().map(|number| number.value).collect();
        catalogue.set_numbers(&same);
        assert_eq!(catalogue.numbers(), numbers);
    }
}
