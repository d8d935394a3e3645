//! From the text of the catalogue's files to the catalogue.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    contents::Catalogue,
    embedded::Files,
    error::CatalogueError,
    kinds::{
        BootTimes, Cause, Fault, FindingKind, Layer, Means, RemedyKind, Risk, Scope, Test,
        WhileBooting,
    },
    placeholders::is_known_placeholder,
    stops::{Place, Stops, StopsRow},
};
use crate::{FindingCode, circumstance::Circumstance};

/// Parses and checks these files.
pub(super) fn parse(files: Files) -> Result<Catalogue, CatalogueError> {
    let (file, text) = files.findings;
    let table: FindingTable = read(file, text)?;
    within(file, "unknown_prior", table.unknown_prior)?;
    let mut rows = table.findings;
    let mut findings = Vec::with_capacity(FindingCode::ALL.len());
    for code in FindingCode::ALL.iter().copied() {
        let row = rows.remove(code.code());
        let row = row.ok_or_else(|| CatalogueError::Missing { file: file.to_owned(), code })?;
        within(file, &format!("the leak of {code}"), row.leak)?;
        let by_unknown = row.by_unknown.unwrap_or(row.leak);
        within(file, &format!("by_unknown of {code}"), by_unknown)?;
        findings.push(row.into_kind(code, by_unknown));
    }
    if let Some(name) = rows.keys().next() {
        return Err(unknown(file, "finding", name));
    }
    let mut remedy_names = HashMap::new();
    let (file, text) = files.remedies;
    let mut rows: BTreeMap<String, RemedyRow> = read(file, text)?;
    let mut remedies = Vec::new();
    for id in headers(text) {
        let Some(row) = rows.remove(id) else { continue };
        remedy_names.insert(id, remedies.len());
        remedies.push(row.into_kind(file, id)?);
    }
    let (file, text) = files.tests;
    let mut rows: BTreeMap<String, TestRow> = read(file, text)?;
    let mut tests = Vec::new();
    for id in headers(text) {
        let Some(row) = rows.remove(id) else { continue };
        tests.push(row.into_test(file, id)?);
    }
    let mut causes = Vec::with_capacity(files.causes.len());
    for (code, text) in files.causes {
        let row: CauseRow = read(code, text)?;
        if let Some(name) =
            row.explains.iter().find(|name| files.causes.iter().all(|c| c.0 != *name))
        {
            return Err(unknown(code, "cause", name));
        }
        causes.push(row.into_cause(code, &remedy_names)?);
    }
    let (file, text) = files.boot;
    let boot: BootTimes = read(file, text)?;
    Ok(Catalogue { findings, causes, remedies, tests, boot, unknown_prior: table.unknown_prior })
}

/// The names of a file's tables in its order; TOML tables themselves are unordered.
fn headers(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'))
}

fn finding(file: &str, name: &str) -> Result<FindingCode, CatalogueError> {
    FindingCode::from_code(name).ok_or_else(|| unknown(file, "finding", name))
}

fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, CatalogueError> {
    toml::from_str(text)
        .map_err(|error| CatalogueError::Syntax { file: file.to_owned(), source: Box::new(error) })
}

fn unknown(file: &str, kind: &'static str, name: &str) -> CatalogueError {
    CatalogueError::UnknownName { file: file.to_owned(), kind, name: name.to_owned() }
}

/// Checks for a probability other than 0 and 1, which no evidence could overrule.
fn within(file: &str, what: &str, value: f64) -> Result<(), CatalogueError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(CatalogueError::OutOfRange { file: file.to_owned(), what: what.to_owned() })
    }
}

fn circumstances(file: &str, names: &[String]) -> Result<Vec<Circumstance>, CatalogueError> {
    let each = |name: &String| {
        Circumstance::from_name(name).ok_or_else(|| unknown(file, "circumstance", name))
    };
    names.iter().map(each).collect()
}

/// Refuses a text with an unknown placeholder.
fn placeholders(file: &str, text: &str) -> Result<(), CatalogueError> {
    for part in text.split('{').skip(1) {
        let name = part.split('}').next().unwrap_or(part);
        if !is_known_placeholder(name) {
            return Err(unknown(file, "placeholder", name));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct FindingTable {
    unknown_prior: f64,
    #[serde(flatten)]
    findings: BTreeMap<String, FindingRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingRow {
    present: String,
    absent: String,
    source: String,
    needs: Option<String>,
    leak: f64,
    by_unknown: Option<f64>,
    #[serde(default)]
    fault: Fault,
    #[serde(default)]
    while_booting: WhileBooting,
    #[serde(default)]
    decisive: bool,
}

impl FindingRow {
    fn into_kind(self, code: FindingCode, by_unknown: f64) -> FindingKind {
        FindingKind {
            code,
            present: self.present,
            absent: self.absent,
            source: self.source,
            needs: self.needs,
            fault: self.fault,
            while_booting: self.while_booting,
            decisive: self.decisive,
            leak: self.leak,
            by_unknown,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemedyRow {
    title: String,
    steps: Vec<String>,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    then: Vec<Vec<String>>,
    risk: Risk,
    risk_says: String,
    scope: Scope,
    undo: String,
    measures: String,
    #[serde(default)]
    replaced_by_advice: bool,
    #[serde(default)]
    only: Vec<String>,
}

impl RemedyRow {
    fn into_kind(self, file: &str, id: &'static str) -> Result<RemedyKind, CatalogueError> {
        let texts = [&self.title, &self.undo].into_iter().chain(&self.steps).chain(&self.command);
        let texts = texts.chain(self.then.iter().flatten());
        for text in texts {
            placeholders(file, text)?;
        }
        Ok(RemedyKind {
            id,
            measures: finding(file, &self.measures)?,
            only: circumstances(file, &self.only)?,
            title: self.title,
            steps: self.steps,
            command: self.command,
            then: self.then,
            risk: self.risk,
            risk_says: self.risk_says,
            scope: self.scope,
            undo: self.undo,
            replaced_by_advice: self.replaced_by_advice,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestRow {
    title: String,
    why: String,
    cost_ms: u64,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    command: Vec<String>,
    means: Means,
    reveals: Vec<String>,
    #[serde(default)]
    only: Vec<String>,
}

impl TestRow {
    fn into_test(self, file: &str, id: &'static str) -> Result<Test, CatalogueError> {
        for text in &self.command {
            placeholders(file, text)?;
        }
        let reveals = self.reveals.iter().map(|name| finding(file, name));
        Ok(Test {
            id,
            reveals: reveals.collect::<Result<_, _>>()?,
            only: circumstances(file, &self.only)?,
            title: self.title,
            why: self.why,
            cost_ms: self.cost_ms,
            needs: self.needs,
            command: self.command,
            means: self.means,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseRow {
    title: String,
    layer: Layer,
    prior: f64,
    why: String,
    shows: String,
    apart: String,
    sources: Vec<String>,
    #[serde(default)]
    explains: Vec<String>,
    stops: Option<StopsRow>,
    #[serde(default)]
    given: BTreeMap<String, f64>,
    produces: BTreeMap<String, f64>,
    remedies: BTreeMap<String, f64>,
}

impl CauseRow {
    fn into_cause(
        self,
        code: &'static str,
        remedy_names: &HashMap<&str, usize>,
    ) -> Result<Cause, CatalogueError> {
        within(code, "the prior", self.prior)?;
        let mut given = Vec::with_capacity(self.given.len());
        for (name, factor) in self.given {
            let known = Circumstance::from_name(&name);
            let circumstance = known.ok_or_else(|| unknown(code, "circumstance", &name))?;
            if !(factor.is_finite() && factor >= 0.0) {
                let what = format!("the factor of {name}");
                return Err(CatalogueError::OutOfRange { file: code.to_owned(), what });
            }
            given.push((circumstance, factor));
        }
        let mut produces = Vec::with_capacity(self.produces.len());
        for (name, probability) in self.produces {
            within(code, &format!("the probability of {name}"), probability)?;
            produces.push((finding(code, &name)?, probability));
        }
        let mut remedies = Vec::with_capacity(self.remedies.len());
        for (name, helps) in self.remedies {
            within(code, &format!("how likely {name} helps"), helps)?;
            let index = remedy_names.get(name.as_str()).copied();
            remedies.push((index.ok_or_else(|| unknown(code, "remedy", &name))?, helps));
        }
        let stops = self.stops.map(|row| {
            let place = Place::from_word(&row.at).ok_or_else(|| unknown(code, "place", &row.at))?;
            Ok::<_, CatalogueError>(Stops { place, says: row.says })
        });
        Ok(Cause {
            code,
            stops: stops.transpose()?,
            given,
            produces,
            remedies,
            title: self.title,
            layer: self.layer,
            why: self.why,
            shows: self.shows,
            apart: self.apart,
            sources: self.sources,
            explains: self.explains,
            prior: self.prior,
        })
    }
}
