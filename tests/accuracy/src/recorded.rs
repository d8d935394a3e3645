//! Records of the lab under `tests/corpus/lab`: real hosts, real servers, one thing wrong. The whole
//! program answers them, from parsers to verdict.

use std::{
    env,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The verdict of a label that leaves open whether the address is shown as probable or withheld.
const DOUBTFUL: &str = "doubtful";

/// One record's label.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Where it comes from.
    pub from: String,
    /// What is out of order.
    pub title: String,
    /// Why the expected answers are right.
    pub why: String,
    machines: Vec<Machine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    name: String,
    /// The address to be shown, `none`, or `ambiguous`.
    expect: String,
    verdict: String,
    /// The addresses that lead to it.
    truth: Vec<IpAddr>,
    /// Whether a careful person could tell that from the record.
    knowable: bool,
}

/// Why the records cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// There is no program to answer them.
    #[error("{} is not there: run `cargo xtask stage`", .0.display())]
    NotStaged(PathBuf),
    /// A file, a directory or the program cannot be read or run.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A label is not of this form.
    #[error("cannot parse {}", path.display())]
    Label {
        /// Which.
        path: PathBuf,
        /// Where it is wrong.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The program printed something else than its document.
    #[error("vm prints no document for {}", path.display())]
    Answer {
        /// The record.
        path: PathBuf,
        /// Where it is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// The answers to all records, added up.
#[derive(Debug, Default, Serialize)]
pub struct Answers {
    /// Records.
    pub records: u32,
    /// Machines in them.
    pub machines: u32,
    /// Of those, machines whose right answer can be known.
    pub knowable: u32,
    /// Of the knowable ones, those that are answered with it.
    pub right: u32,
    /// Of all, those for which an untrue address was shown as resolved.
    pub wrong_resolved: u32,
    /// Of all, those for which an untrue address was shown, resolved or probable.
    pub wrong_shown: u32,
    /// Answers that differ from the label, each in a line.
    pub unexpected: Vec<String>,
}

/// Answers all records of the repository with the staged `vm`.
///
/// # Errors
/// See [`RecordedError`].
pub fn answer() -> Result<Answers, RecordedError> {
    let program = program()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/lab");
    let read_error = |path: &Path| {
        let path = path.to_owned();
        move |source| RecordedError::Read { path, source }
    };
    let entries = folder.read_dir().map_err(read_error(&folder))?;
    let mut labels: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    labels.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    labels.sort();
    let mut answers = Answers::default();
    for path in labels {
        let text = std::fs::read_to_string(&path).map_err(read_error(&path))?;
        let label: Label = toml::from_str(&text).map_err(|error| RecordedError::Label {
            path: path.clone(),
            source: Box::new(error),
        })?;
        let record = path.with_extension("");
        let mut command = Command::new(&program);
        // The settings of the person who runs this are none of the record's.
        command.env_clear().args(["status", "--json", "--from"]).arg(&record);
        let output = command.output().map_err(read_error(&program))?;
        let report: Value = serde_json::from_slice(&output.stdout)
            .map_err(|source| RecordedError::Answer { path: record, source })?;
        answers.add(&label, &report);
    }
    Ok(answers)
}

/// The staged `vm`: that of the debug build, or of the tree that `VMKIT_STAGE` names.
fn program() -> Result<PathBuf, RecordedError> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/stage/debug");
    let program = env::var_os("VMKIT_STAGE").map_or(built, PathBuf::from).join("bin/vm");
    if program.is_file() { Ok(program) } else { Err(RecordedError::NotStaged(program)) }
}

impl Answers {
    fn add(&mut self, label: &Label, report: &Value) {
        self.records += 1;
        for machine in &label.machines {
            let vms = report["vms"].as_array().into_iter().flatten();
            let vm = vms.into_iter().find(|vm| vm["name"] == machine.name.as_str());
            let shown = vm.and_then(|vm| vm["ip"].as_str()?.parse::<IpAddr>().ok());
            let verdict = vm.and_then(|vm| vm["verdict"].as_str()).unwrap_or("missing");
            let wrong = shown.is_some_and(|address| !machine.truth.contains(&address));
            self.machines += 1;
            self.knowable += u32::from(machine.knowable);
            let right = shown.is_some() != machine.truth.is_empty() && !wrong;
            self.right += u32::from(machine.knowable && right);
            self.wrong_shown += u32::from(wrong);
            self.wrong_resolved += u32::from(wrong && verdict == "resolved");
            if !machine.expects(verdict, shown) {
                let shown = shown.map_or_else(|| "none".to_owned(), |address| address.to_string());
                self.unexpected.push(format!(
                    "{}, {}: {verdict} {shown}, expected {} {}",
                    label.from, machine.name, machine.verdict, machine.expect
                ));
            }
        }
    }

    /// The figures in lines of text.
    pub fn text(&self) -> String {
        let Self { records, machines, knowable, right, wrong_resolved, wrong_shown, unexpected } =
            self;
        let mut text = format!(
            "family lab: {records} records, {machines} machines; {right} of {knowable} that can be \
             known are right; untrue address shown: {wrong_shown}, as resolved: {wrong_resolved}; \
             {} not as labelled\n",
            unexpected.len()
        );
        text.extend(unexpected.iter().map(|line| format!("WRONG {line}\n")));
        text
    }
}

impl Machine {
    fn expects(&self, verdict: &str, shown: Option<IpAddr>) -> bool {
        let expected = self.expect.parse().ok();
        if self.verdict == DOUBTFUL {
            return verdict != "resolved" && (shown.is_none() || shown == expected);
        }
        verdict == self.verdict && shown == expected
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn compares_answers_with_the_label() {
        let machine = |verdict: &str, expect: &str, truth: &str| Label {
            from: "lab, test".to_owned(),
            title: String::new(),
            why: String::new(),
            machines: vec![Machine {
                name: "web".to_owned(),
                expect: expect.to_owned(),
                verdict: verdict.to_owned(),
                truth: truth.parse().into_iter().collect(),
                knowable: true,
            }],
        };
        let one = "192.168.77.50";
        // Label, answer; right, wrong shown, wrong as resolved, not as labelled.
        let table = [
            (machine("resolved", one, one), ("resolved", Some(one)), (1, 0, 0, 0)),
            (machine("resolved", one, one), ("ambiguous", None), (0, 0, 0, 1)),
            (machine("doubtful", one, one), ("probable", Some(one)), (1, 0, 0, 0)),
            (machine("doubtful", one, one), ("resolved", Some(one)), (1, 0, 0, 1)),
            (machine("doubtful", one, "192.168.77.60"), ("probable", Some(one)), (0, 1, 0, 0)),
            (machine("no-address", "none", ""), ("no-address", None), (1, 0, 0, 0)),
            (machine("no-address", "none", ""), ("resolved", Some(one)), (0, 1, 1, 1)),
        ];
        for (label, (verdict, ip), expected) in table {
            let mut answers = Answers::default();
            answers
                .add(&label, &json!({ "vms": [{ "name": "web", "verdict": verdict, "ip": ip }] }));
            let unexpected = answers.unexpected.len();
            let found = (answers.right, answers.wrong_shown, answers.wrong_resolved, unexpected);
            assert_eq!(found, expected, "{label:?} {verdict} {ip:?}");
        }
    }
}
