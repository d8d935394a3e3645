//! The commands of a result, so that they look where this run has looked.

use vmkit_diagnose::{Diagnosis, Omission, Suspect};
use vmkit_model::CommandPlace;

use crate::{Treatment, command_line::command_line};

impl Treatment {
    /// The same with commands of `vm` that look at this place.
    #[must_use]
    pub fn placed(mut self, place: &CommandPlace) -> Self {
        for assessment in &mut self.examination.assessments {
            diagnosis(&mut assessment.diagnosis, place);
        }
        let gathered = self.examination.gathered.omissions.iter_mut();
        gathered.chain(&mut self.omissions).for_each(|skipped| omission(skipped, place));
        self
    }
}

fn diagnosis(diagnosis: &mut Diagnosis, place: &CommandPlace) {
    let suspects = diagnosis.causes.iter_mut().chain(&mut diagnosis.ignored);
    for remedy in suspects.flat_map(|suspect: &mut Suspect| &mut suspect.remedies) {
        for words in std::iter::once(&mut remedy.command).chain(&mut remedy.then) {
            *words = place.words(words);
        }
    }
    if let Some(test) = &mut diagnosis.next_test {
        test.command = place.words(&test.command);
    }
}

fn omission(omission: &mut Omission, place: &CommandPlace) {
    let words = omission.command.as_deref().and_then(shlex::split);
    let placed = words.map(|words| place.words(&words));
    let line = placed.and_then(|words| command_line(words.iter().map(String::as_str)));
    omission.command = line.or_else(|| omission.command.take());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_step_names_the_place_that_was_looked_at() {
        let data_dir = Some("/my vms".to_owned());
        let place = CommandPlace { data_dir, ..CommandPlace::default() };
        let rows = [
            (Some("vm doctor web --yes"), Some("vm --data-dir '/my vms' doctor web --yes")),
            (Some("vm doctor web --fix=x"), Some("vm --data-dir '/my vms' doctor web --fix=x")),
            (Some("ip link"), Some("ip link")),
            (Some("vm 'unclosed"), Some("vm 'unclosed")),
            (None, None),
        ];
        for (command, expected) in rows {
            let command = command.map(str::to_owned);
            let mut skipped = Omission { what: String::new(), why: String::new(), command };
            omission(&mut skipped, &place);
            assert_eq!(skipped.command.as_deref(), expected);
        }
    }
}
