//! The table of weights, parsed and checked once.

mod claims;
mod error;
mod rows;
mod rule;

use std::collections::HashMap;

use vmkit_types::Kind;

pub use self::error::WeightsError;
pub(crate) use self::rule::{Group, Range, Rule, Thresholds};

use self::rows::{GroupRow, KindRow, RangeRow, Table, within};

/// The weights in use. `weights.toml` has each number with its reason.
#[derive(Clone, Debug)]
pub struct Weights {
    id: String,
    pub(crate) temperature: f64,
    pub(crate) rest_share: f64,
    pub(crate) doubtful_prior: f64,
    pub(crate) self_given_prior: f64,
    pub(crate) thresholds: Thresholds,
    pub(crate) groups: Vec<Group>,
    /// The limit of each pool of claims, in each direction, as a logarithm. The first is that of all
    /// plugins for which nobody has set one.
    pub(crate) pools: Vec<f64>,
    pub(crate) ranges: Vec<Range>,
    /// The rule of each kind that has a variant, by index.
    named: Vec<Option<usize>>,
    /// The rules of the other kinds, by code.
    others: HashMap<String, usize>,
    rules: Vec<Rule>,
}

impl Weights {
    /// The table that comes with vmkit.
    ///
    /// # Errors
    /// The embedded table is faulty; a test rules that out.
    pub fn builtin() -> Result<Self, WeightsError> {
        Self::parse(include_str!("../../weights.toml"))
    }

    /// The table in this text.
    ///
    /// # Errors
    /// See [`WeightsError`].
    pub fn parse(text: &str) -> Result<Self, WeightsError> {
        let table: Table =
            toml::from_str(text).map_err(|error| WeightsError::Syntax(Box::new(error)))?;
        let Thresholds { resolved, probable, written } = table.thresholds;
        within("temperature", table.temperature, 0.01, 100.0)?;
        within("rest_share", table.rest_share, 0.0, 1.0)?;
        within("doubtful_prior", table.doubtful_prior, 1e-9, 1.0)?;
        within("self_given_prior", table.self_given_prior, 1e-9, 1.0)?;
        within("claims_cap", table.claims_cap, 1.0, 1000.0)?;
        within("thresholds.probable", probable, 0.5, 1.0)?;
        within("thresholds.resolved", resolved, probable, 1.0)?;
        within("thresholds.written", written, resolved, 1.0)?;
        let mut names = HashMap::new();
        let mut groups = Vec::new();
        for (name, row) in table.groups {
            within(&format!("the cap of {name}"), row.cap, 1.0, 1e12)?;
            names.insert(name, groups.len());
            let GroupRow { cap, anonymous, state } = row;
            groups.push(Group { cap: cap.ln(), anonymous, state, pool: None });
        }
        let mut rows: Vec<(String, KindRow)> = table.kinds.into_iter().collect();
        rows.sort_by(|(a, one), (b, two)| (&one.group, a).cmp(&(&two.group, b)));
        let mut by_number = vec![None; Kind::NAMED.len()];
        let mut others = HashMap::new();
        let mut rules = Vec::with_capacity(rows.len());
        for (code, row) in rows {
            match Kind::from_code(&code).number() {
                Some(number) => by_number[number] = Some(rules.len()),
                None => _ = others.insert(code.clone(), rules.len()),
            }
            rules.push(row.into_rule(rules.len(), &code, &names)?);
        }
        let ranges =
            table.ranges.into_iter().map(RangeRow::into_range).collect::<Result<_, _>>()?;
        Ok(Self {
            id: table.id,
            temperature: table.temperature,
            rest_share: table.rest_share,
            doubtful_prior: table.doubtful_prior,
            self_given_prior: table.self_given_prior,
            thresholds: table.thresholds,
            groups,
            pools: vec![table.claims_cap.ln()],
            ranges,
            named: by_number,
            others,
            rules,
        })
    }

    /// Name and version of the table, for the provenance of a report.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The row of this kind; `None`: the table does not weigh it.
    pub(crate) fn rule(&self, kind: &Kind) -> Option<&Rule> {
        let index = match kind.number() {
            Some(number) => *self.named.get(number)?,
            None => self.others.get(kind.code()).copied(),
        };
        self.rules.get(index?)
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Observation;

    use super::*;

    #[test]
    fn the_built_in_table_weighs_every_kind_that_is_about_an_address() {
        let weights = Weights::builtin().unwrap();
        for kind in Kind::NAMED {
            let silent = matches!(
                kind,
                Kind::BridgePort | Kind::ConsolePhase | Kind::ConsoleFault | Kind::Unread
            );
            assert_eq!(weights.rule(kind).is_none(), silent, "{}", kind.code());
        }
    }

    #[test]
    fn a_faulty_table_is_refused_with_the_place() {
        let table = include_str!("../../weights.toml");
        let faults = [
            ("[kinds.agent-address]\nlr = ", "[kinds.agent-address]\nlr = -", "the lr of agent-ad"),
            (
                "[kinds.agent-address]\nlr = ",
                "[kinds.agent-address]\nlr = inf #",
                "the lr of agent",
            ),
            ("answered_lr = ", "answered_lr = -", "the answered_lr of "),
            ("half_life = 60\n", "half_life = 0\n", "weights: the half-life of"),
            ("resolved = 0.9", "resolved = 0.5", "weights: thresholds.resolved is out of range"),
            ("group = \"guest\"", "group = \"gest\"", "names the unknown group gest"),
            ("172.17.0.0/16", "172.17.0.0/33", "172.17.0.0/33 is not a network"),
            ("stale = true", "stall = true", "cannot read the table of weights"),
        ];
        for (good, bad, expected) in faults {
            let error = Weights::parse(&table.replace(good, bad)).unwrap_err().to_string();
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn a_half_life_may_come_from_the_observation() {
        let weights = Weights::builtin().unwrap();
        let kind = Kind::from_code("dhcp-ack");
        let of = |lease: &str| {
            let observation = Observation::new(0, kind.clone(), "").with("lease-s", lease);
            weights.rule(&kind).unwrap().half_life(&observation)
        };
        assert_eq!(of("7200"), Some(3600.0));
        for unusable in ["", "0", "-5", "1e99"] {
            assert_eq!(of(unusable), Some(1800.0), "{unusable}");
        }
    }
}
