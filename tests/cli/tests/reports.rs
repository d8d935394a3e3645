//! Snapshots of reported problems: `tests/corpus/reports/NAME`, each with the right answer.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;
use vmkit_cli_tests::run;

/// A cause at or above this probability is an accusation.
const ACCUSED: f64 = 0.5;

/// `expect.toml` of a snapshot.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Why the answers are right.
    why: String,
    /// The answer for each VM, by its name.
    vms: BTreeMap<String, Answer>,
}

/// The right answer for one VM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// The likeliest cause must be one of these. Empty: no cause may be likely.
    causes: Vec<String>,
    /// Other causes that may be likely as well.
    #[serde(default)]
    may: Vec<String>,
    /// Parts of what the doctor's JSON must say of the VM.
    #[serde(default)]
    says: Vec<String>,
}

/// The folders below `tests/corpus/reports`.
fn reports() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/reports");
    let entries = fs::read_dir(folder).expect("list the reports");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// What is wrong with the doctor's answer to this snapshot.
fn complaints(snapshot: &Path) -> Vec<String> {
    let text = fs::read_to_string(snapshot.join("expect.toml")).expect("the right answer");
    let expected: Expected = toml::from_str(&text).expect("an expect.toml");
    assert!(!expected.why.is_empty(), "{} says why", snapshot.display());
    let from = snapshot.to_str().expect("a plain path");
    let output = run(&["doctor", "--json", "--from", from]);
    output.assert_harmless();
    let mut complaints = Vec::new();
    for (name, answer) in &expected.vms {
        let machine = output.machine(name);
        let causes: Vec<(&str, f64)> = machine["causes"]
            .as_array()
            .expect("a list of causes")
            .iter()
            .filter_map(|cause| Some((cause["code"].as_str()?, cause["probability"].as_f64()?)))
            .collect();
        let right = |code: &str| answer.causes.iter().any(|right| right == code);
        let allowed = |code: &str| right(code) || answer.may.iter().any(|may| may == code);
        let first = causes.first().map(|(code, _)| *code);
        let named = answer.causes.is_empty() || first.is_some_and(right);
        let accused = causes.iter().any(|(code, p)| *p >= ACCUSED && !allowed(code));
        if !named || accused {
            complaints.push(format!("{name}: {causes:?}, expected {:?}", answer.causes));
        }
        let missing = answer.says.iter().filter(|text| !says(&machine, text));
        complaints.extend(missing.map(|text| format!("{name}: it does not say {text:?}")));
    }
    complaints
}

/// Whether a string of this document contains the text.
fn says(document: &Value, text: &str) -> bool {
    match document {
        Value::String(said) => said.contains(text),
        Value::Array(parts) => parts.iter().any(|part| says(part, text)),
        Value::Object(parts) => parts.values().any(|part| says(part, text)),
        _ => false,
    }
}

#[test]
fn the_doctor_answers_every_reported_problem() {
    let reports = reports();
    assert!(!reports.is_empty(), "there are no reports");
    let wrong: Vec<String> = reports
        .iter()
        .flat_map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            complaints(path).into_iter().map(move |complaint| format!("{name}, {complaint}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} reports:\n{}",
        wrong.len(),
        reports.len(),
        wrong.join("\n")
    );
}
