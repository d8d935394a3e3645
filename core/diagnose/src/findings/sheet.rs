//! Where findings are noted while they are derived.

use std::collections::BTreeMap;

use vmkit_types::{Reading, Unread};

use crate::{Catalogue, Finding, State};

/// The findings so far, by code. The first word on a finding stands.
#[derive(Default)]
pub(super) struct Sheet(BTreeMap<&'static str, State>);

impl Sheet {
    pub(super) fn present(&mut self, code: &'static str, says: impl Into<String>) {
        self.0.entry(code).or_insert_with(|| State::Present(says.into()));
    }

    pub(super) fn absent(&mut self, code: &'static str, says: impl Into<String>) {
        self.0.entry(code).or_insert_with(|| State::Absent(says.into()));
    }

    pub(super) fn unknown(&mut self, code: &'static str, why: &Unread) {
        self.0.entry(code).or_insert_with(|| State::NotObserved(why.clone()));
    }

    pub(super) fn all_unknown(&mut self, codes: &[&'static str], why: &Unread) {
        for code in codes {
            self.unknown(code, why);
        }
    }

    /// Notes what a yes-or-no reading says; the words of both answers are given.
    pub(super) fn read(
        &mut self,
        code: &'static str,
        reading: &Reading<bool>,
        yes: impl Into<String>,
        no: impl Into<String>,
    ) {
        match reading {
            Reading::Known(true) => self.present(code, yes),
            Reading::Known(false) => self.absent(code, no),
            Reading::Absent => self.unknown(code, &Unread::NotTried),
            Reading::Unknown(why) => self.unknown(code, why),
        }
    }

    /// Notes a finding that was looked for.
    pub(super) fn judged(
        &mut self,
        code: &'static str,
        is_there: bool,
        yes: impl Into<String>,
        no: impl Into<String>,
    ) {
        self.read(code, &Reading::Known(is_there), yes, no);
    }

    /// All findings of the catalogue. Those that nobody noted were not looked at.
    pub(super) fn complete(mut self, catalogue: &Catalogue) -> Vec<Finding> {
        let findings = catalogue.finding_codes().map(|code| {
            let state = self.0.remove(code).unwrap_or(State::NotObserved(Unread::NotTried));
            Finding { code, state }
        });
        let findings = findings.collect();
        debug_assert!(self.0.is_empty(), "not in the catalogue: {:?}", self.0);
        findings
    }
}
