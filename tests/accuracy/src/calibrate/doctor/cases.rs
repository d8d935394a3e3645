//! Drawn faults, as far as a fit needs them.

use std::path::Path;

use serde_json::Value;
use vmkit_diagnose::{Catalogue, FindingCode, Observed};

use crate::diagnosis::{DiagnosisError, Family, families, in_parallel, program, report, written};

/// The numbers of cases that fits may use begin here, so that the figures of `cargo xtask accuracy` are of
/// cases that no fit has seen.
const FIRST: u64 = 1000;

/// The half of the cases that a fit uses, and the half that it is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Even numbers.
    Fit,
    /// Odd numbers.
    HeldOut,
}

/// What the doctor saw of a drawn fault, and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What the diagnosis is made from.
    pub observed: Observed,
    /// What is wrong: indices of causes of the catalogue; the one after the last is the unknown cause.
    pub truth: Vec<usize>,
}

/// Draws this many cases of each family, has the staged doctor look at them, and returns those of the half
/// that it diagnosed. Snapshots are written below the directory.
///
/// # Errors
/// See [`DiagnosisError`].
pub fn draw(
    catalogue: &Catalogue,
    half: Half,
    many: u64,
    below: &Path,
) -> Result<Vec<Case>, DiagnosisError> {
    let program = program()?;
    let odd = u64::from(half == Half::HeldOut);
    let families: Vec<Family> = families()
        .into_iter()
        .filter(|family| !family.faults.is_empty() && !family.is_newest())
        .collect();
    let numbers = || (0..many).map(|number| FIRST + 2 * number + odd);
    let all: Vec<(&Family, u64)> =
        families.iter().flat_map(|family| numbers().map(move |number| (family, number))).collect();
    let case = |&(family, number): &(&Family, u64)| {
        let (record, directory) = written(family, number, below)?;
        let report = report(&program, &directory, &record.machine, true)?.1;
        let observed = observed(&report, &record.machine);
        Ok(observed.map(|observed| Case { observed, truth: truth(catalogue, &record.causes) }))
    };
    Ok(in_parallel(&all, case)?.into_iter().flatten().collect())
}

pub(super) fn truth(catalogue: &Catalogue, codes: &[&str]) -> Vec<usize> {
    let index = |code: &&str| catalogue.causes().iter().position(|cause| cause.code == *code);
    let known: Vec<usize> = codes.iter().filter_map(index).collect();
    if known.is_empty() { vec![catalogue.causes().len()] } else { known }
}

/// What a report says that its diagnosis of the VM was made from. `None`: it made none.
fn observed(report: &Value, machine: &str) -> Option<Observed> {
    let vm = report["vms"].as_array()?.iter().find(|vm| vm["name"] == machine)?;
    if vm["healthy"] == true || !vm["booting"].is_null() || vm["unknown_probability"].is_null() {
        return None;
    }
    let names = vm["circumstances"].as_array()?.iter();
    let circumstances = names.filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    let own = report["findings"].as_array()?.iter().filter(|finding| finding["vm"] == machine);
    let finding = |finding: &Value| {
        let code = FindingCode::from_code(finding["code"].as_str()?)?;
        match finding["state"].as_str()? {
            "present" => Some((code, true)),
            "absent" => Some((code, false)),
            _ => None,
        }
    };
    Some(Observed { circumstances, findings: own.filter_map(finding).collect() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_was_looked_at_and_nothing_that_was_not() {
        let mut report = json!({
            "vms": [{"name": "web", "healthy": false, "booting": null, "unknown_probability": 0.1,
                "circumstances": ["mode:bridged"]}],
            "findings": [
                {"vm": "web", "code": "address-missing", "state": "present"},
                {"vm": "web", "code": "kernel-panic", "state": "absent"},
                {"vm": "web", "code": "vpn-takes-subnet", "state": "not-observed"},
                {"vm": "db", "code": "vm-paused", "state": "present"},
            ],
        });
        let expected = Observed {
            circumstances: vec!["mode:bridged".to_owned()],
            findings: vec![(FindingCode::AddressMissing, true), (FindingCode::KernelPanic, false)],
        };
        assert_eq!(observed(&report, "web"), Some(expected));
        assert_eq!(observed(&report, "db"), None);
        report["vms"][0]["healthy"] = true.into();
        assert_eq!(observed(&report, "web"), None);
    }
}
