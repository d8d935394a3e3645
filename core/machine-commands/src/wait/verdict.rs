//! The doctor's verdict, in one sentence, on machines without an address.

use std::{collections::BTreeMap, time::Duration};

use vmkit_diagnose::{Catalogue, Diagnosis};
use vmkit_doctor::{Doctor, Note, Pause, Person, Progress, Question, Request};
use vmkit_report::StartResult;
use vmkit_session::{Selection, Settings};

/// Minimum deadline of a plugin's call, as for `vm doctor`.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is said of a machine that nothing is wrong with.
const NOT_SEEN: &str = "its guest was not seen on the network since the start, and the doctor finds nothing wrong so far";

/// Examines the machines without sending anything.
pub(super) fn verdicts(names: &[String], settings: &Settings) -> BTreeMap<String, StartResult> {
    match examine(names, settings) {
        Ok(verdicts) => verdicts,
        Err(error) => {
            let why = crate::hint::sentence(&error);
            let unknown = |name: &String| (name.clone(), StartResult::CannotTell(why.clone()));
            names.iter().map(unknown).collect()
        }
    }
}

fn examine(names: &[String], settings: &Settings) -> anyhow::Result<BTreeMap<String, StartResult>> {
    let catalogue = Catalogue::builtin()?;
    let selection = Selection::named(names);
    let request = Request { selection, passive: true, ..Request::default() };
    let settings = settings.clone().with_patience(PATIENCE);
    let examination = Doctor::start(request, settings, &catalogue)?.examine(&mut Nobody)?;
    let assessments = examination.assessments.iter();
    Ok(assessments
        .map(|assessment| (assessment.machine.own_name.clone(), verdict(&assessment.diagnosis)))
        .collect())
}

/// What a diagnosis says in one sentence.
fn verdict(diagnosis: &Diagnosis) -> StartResult {
    if let Some(booting) = &diagnosis.booting {
        return StartResult::NoAddress(format!("it still boots, waiting for {}", booting.awaited));
    }
    match (&diagnosis.cannot_tell, diagnosis.causes.first()) {
        (None, Some(suspect)) => {
            let percent = suspect.probability * 100.0;
            StartResult::NoAddress(format!("{} ({percent:.0} %)", suspect.title))
        }
        (Some(why), _) => StartResult::CannotTell(why.clone()),
        // An address that the doctor knows is of an earlier start: this one was not seen to use it.
        (None, None) => StartResult::NoAddress(NOT_SEEN.to_owned()),
    }
}

/// Allows nothing and ends every wait.
struct Nobody;

impl Person for Nobody {
    fn can_answer(&self) -> bool {
        false
    }

    fn allows(&mut self, _: &Question) -> bool {
        false
    }

    fn hears(&mut self, _: &Note<'_>) {}

    fn begins_waiting(&mut self) {}

    fn sees(&mut self, _: &Progress<'_>) {}

    fn waits(&mut self, _: Duration) -> Pause {
        Pause::EndedByPerson
    }

    fn stops_waiting(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_only_its_last_start_gave_an_address_has_none() {
        let doubt = "two causes are as likely";
        let rows = [
            (Diagnosis::healthy(), StartResult::NoAddress(NOT_SEEN.to_owned())),
            (Diagnosis::unknown(doubt.to_owned()), StartResult::CannotTell(doubt.to_owned())),
        ];
        for (diagnosis, expected) in rows {
            assert_eq!(verdict(&diagnosis), expected);
        }
    }
}
