//! Findings and circumstances to causes: the table in `scenarios.toml`.

mod common;

use serde::Deserialize;
use vmkit_diagnose::{Catalogue, Diagnosis};
use vmkit_scoring::{Lack, Unchecked, Verdict};
use vmkit_types::{Reading, Unread};

#[derive(Deserialize)]
struct Table {
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    #[serde(default)]
    given: Vec<String>,
    #[serde(default)]
    has_address: bool,
    #[serde(default)]
    present: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    /// Sources that were looked at: findings of theirs that are not listed as present are absent.
    #[serde(default)]
    looked: Vec<String>,
    /// The first causes, in any order among themselves.
    #[serde(default)]
    first: Vec<String>,
    #[serde(default)]
    cannot_tell: bool,
    #[serde(default)]
    healthy: bool,
    /// The test that is proposed.
    test: Option<String>,
}

impl Scenario {
    fn diagnosis(&self, catalogue: &Catalogue) -> Diagnosis {
        let verdict = if self.has_address { Verdict::Resolved } else { Verdict::NoAddress };
        self.diagnosis_of(verdict, None, catalogue)
    }

    /// The same findings, but plugins that could have named an address did not answer.
    fn diagnosis_without_search(&self, lack: Lack, catalogue: &Catalogue) -> Diagnosis {
        let reason = "plugins were refused".to_owned();
        let unchecked = Unchecked { lack, reason, hint: "vm plugin list".to_owned() };
        self.diagnosis_of(Verdict::NotChecked, Some(unchecked), catalogue)
    }

    fn diagnosis_of(
        &self,
        verdict: Verdict,
        unchecked: Option<Unchecked>,
        catalogue: &Catalogue,
    ) -> Diagnosis {
        let findings = common::findings(catalogue, &self.present, &self.absent, &self.looked);
        let router = Reading::Unknown(Unread::NotTried);
        let given = &self.given;
        let scene = common::Scene { name: "web", given, verdict, unchecked, router };
        scene.diagnose(&findings, catalogue)
    }

    /// The deviation from what is expected.
    fn wrong(&self, catalogue: &Catalogue) -> Option<String> {
        let got = self.diagnosis(catalogue);
        let mut first: Vec<&str> = got.causes.iter().map(|cause| cause.code).collect();
        first.truncate(self.first.len());
        first.sort_unstable();
        let mut expected: Vec<&str> = self.first.iter().map(String::as_str).collect();
        expected.sort_unstable();
        let test = got.next_test.as_ref().map(|test| test.id);
        let right = got.healthy == self.healthy
            && got.cannot_tell.is_some() == self.cannot_tell
            && first == expected
            && self.test.as_deref().is_none_or(|wanted| test == Some(wanted))
            && (!got.healthy || got.causes.is_empty() && test.is_none());
        let causes: Vec<String> = got
            .causes
            .iter()
            .map(|each| format!("{} {:.2}", each.code, each.probability))
            .collect();
        let (unknown, tell) = (got.unknown_probability, &got.cannot_tell);
        (!right).then(|| {
            format!("{}: {causes:?}, unknown {unknown:.2}, {tell:?}, next {test:?}", self.name)
        })
    }
}

#[test]
fn every_scenario_leads_to_its_cause() {
    let catalogue = Catalogue::builtin().unwrap();
    let table: Table = toml::from_str(include_str!("scenarios.toml")).unwrap();
    let wrong: Vec<_> = table.scenario.iter().filter_map(|each| each.wrong(&catalogue)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.scenario.len(), wrong.join("\n"));
}

/// A fault is one whether or not its machine has an address; without one the machine may be healthy.
#[test]
fn names_faults_alone_when_addresses_could_not_be_checked() {
    let catalogue = Catalogue::builtin().unwrap();
    let table: Table = toml::from_str(include_str!("scenarios.toml")).unwrap();
    let mut refused = 0;
    for scenario in &table.scenario {
        for lack in [Lack::Some, Lack::All] {
            let got = scenario.diagnosis_without_search(lack, &catalogue);
            assert!(!got.healthy, "{}", scenario.name);
            if got.cannot_tell.as_deref() == Some("plugins were refused") {
                refused += 1;
                assert_eq!((got.causes, got.next_test), (vec![], None), "{}", scenario.name);
            } else {
                assert_eq!(got, scenario.diagnosis(&catalogue), "{}", scenario.name);
            }
        }
    }
    assert!((1..2 * table.scenario.len()).contains(&refused), "{refused}");
}
