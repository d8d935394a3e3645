//! The findings of one machine while they are derived.

use std::collections::BTreeMap;

use vmkit_types::{Reading, Unread};

use crate::{Finding, FindingCode, State};

/// The findings so far. The first state of a finding stands.
#[derive(Default)]
pub(super) struct Sheet(BTreeMap<FindingCode, State>);

impl Sheet {
    pub(super) fn present(&mut self, code: FindingCode, says: impl Into<String>) {
        self.0.entry(code).or_insert_with(|| State::Present(says.into()));
    }

    pub(super) fn is_present(&self, code: FindingCode) -> bool {
        matches!(self.0.get(&code), Some(State::Present(_)))
    }

    pub(super) fn absent(&mut self, code: FindingCode, says: impl Into<String>) {
        self.0.entry(code).or_insert_with(|| State::Absent(says.into()));
    }

    pub(super) fn unknown(&mut self, code: FindingCode, why: &Unread) {
        self.0.entry(code).or_insert_with(|| State::NotObserved(why.clone()));
    }

    pub(super) fn all_unknown(&mut self, codes: &[FindingCode], why: &Unread) {
        for code in codes {
            self.unknown(*code, why);
        }
    }

    /// Records a yes-or-no reading: `yes` is the text for true, `no` the text for false.
    pub(super) fn read(
        &mut self,
        code: FindingCode,
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

    /// Records a finding whose answer is known.
    pub(super) fn judged(
        &mut self,
        code: FindingCode,
        is_there: bool,
        yes: impl Into<String>,
        no: impl Into<String>,
    ) {
        self.read(code, &Reading::Known(is_there), yes, no);
    }

    /// All findings in the order of their codes. Those without a state were not looked at.
    pub(super) fn complete(mut self) -> Vec<Finding> {
        let findings = FindingCode::ALL.iter().map(|code| {
            let state = self.0.remove(code).unwrap_or(State::NotObserved(Unread::NotTried));
            Finding { code: *code, state }
        });
        findings.collect()
    }
}
