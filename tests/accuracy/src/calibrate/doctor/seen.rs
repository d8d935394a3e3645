//! A file of what the doctor saw of drawn faults, so that a second fit need not have it look again.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};
use vmkit_diagnose::{Catalogue, FindingCode, Observed};

use super::cases::{Case, truth};

/// The cases of both halves.
#[derive(Deserialize, Serialize)]
struct File {
    fit: Vec<Row>,
    held_out: Vec<Row>,
}

/// One case: names as in the doctor's reports.
#[derive(Deserialize, Serialize)]
struct Row {
    causes: Vec<String>,
    circumstances: Vec<String>,
    present: Vec<String>,
    absent: Vec<String>,
}

impl Row {
    fn of(catalogue: &Catalogue, case: &Case) -> Self {
        let codes = |wanted: bool| {
            let findings = case.observed.findings.iter();
            let chosen = findings.filter(|(_, present)| *present == wanted);
            chosen.map(|(code, _)| code.code().to_owned()).collect()
        };
        let known = case.truth.iter().filter_map(|cause| catalogue.causes().get(*cause));
        Self {
            causes: known.map(|cause| cause.code.to_owned()).collect(),
            circumstances: case.observed.circumstances.clone(),
            present: codes(true),
            absent: codes(false),
        }
    }

    fn case(self, catalogue: &Catalogue) -> Case {
        let of = |names: Vec<String>, present: bool| {
            names
                .into_iter()
                .filter_map(move |name| Some((FindingCode::from_code(&name)?, present)))
        };
        let findings = of(self.present, true).chain(of(self.absent, false)).collect();
        let causes: Vec<&str> = self.causes.iter().map(String::as_str).collect();
        Case {
            observed: Observed { circumstances: self.circumstances, findings },
            truth: truth(catalogue, &causes),
        }
    }
}

/// Reads the cases of both halves. `None`: there is no such file.
///
/// # Errors
/// The file cannot be read, or is none of [`keep`].
pub fn kept(catalogue: &Catalogue, path: &Path) -> io::Result<Option<[Vec<Case>; 2]>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let File { fit, held_out } = serde_json::from_slice(&text)?;
    let cases = |rows: Vec<Row>| rows.into_iter().map(|row| row.case(catalogue)).collect();
    Ok(Some([cases(fit), cases(held_out)]))
}

/// Writes the cases of both halves.
///
/// # Errors
/// The file cannot be written.
pub fn keep(
    catalogue: &Catalogue,
    path: &Path,
    [fit, held_out]: &[Vec<Case>; 2],
) -> io::Result<()> {
    let rows = |cases: &[Case]| cases.iter().map(|case| Row::of(catalogue, case)).collect();
    let file = File { fit: rows(fit), held_out: rows(held_out) };
    fs::write(path, serde_json::to_vec(&file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_survive_a_file() {
        let catalogue = Catalogue::builtin().unwrap();
        let case = |truth| Case {
            observed: Observed {
                circumstances: vec!["mode:bridged".to_owned()],
                findings: vec![
                    (FindingCode::AddressMissing, true),
                    (FindingCode::KernelPanic, false),
                ],
            },
            truth: vec![truth],
        };
        let halves = [vec![case(0)], vec![case(1), case(catalogue.causes().len())]];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.json");
        assert_eq!(kept(&catalogue, &path).unwrap(), None);
        keep(&catalogue, &path, &halves).unwrap();
        assert_eq!(kept(&catalogue, &path).unwrap(), Some(halves));
    }
}
