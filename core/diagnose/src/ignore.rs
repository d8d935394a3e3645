//! Causes that the user knows of and wants to be left alone with.

use vmkit_types::escaped;

use crate::{Catalogue, Cause, Diagnosis, Finding, Suspect, fault::faults, fold::NAMED_FROM};

/// Stands for every machine.
const EVERY_MACHINE: &str = "*";

/// A cause that is no news: of one machine, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreRule {
    /// The machine's name; `None`: all machines.
    machine: Option<String>,
    cause: &'static str,
}

impl IgnoreRule {
    /// The rule of an entry `MACHINE:CODE`. A machine's name may hold colons, a code has none.
    ///
    /// # Errors
    /// The entry has another form, or no cause has its code.
    pub fn parse(entry: &str, catalogue: &Catalogue) -> Result<Self, IgnoreError> {
        let (machine, code) = match entry.rsplit_once(':') {
            Some((machine, code)) if !machine.is_empty() => (machine, code),
            _ => return Err(IgnoreError::Form(entry.to_owned())),
        };
        let cause = catalogue.cause(code).ok_or_else(|| IgnoreError::UnknownCause {
            entry: entry.to_owned(),
            code: code.to_owned(),
        })?;
        let machine = (machine != EVERY_MACHINE).then(|| machine.to_owned());
        Ok(Self { machine, cause: cause.code })
    }

    /// Whether it is about a machine that has these names.
    fn is_about(&self, names: &[&str]) -> bool {
        self.machine.as_deref().is_none_or(|machine| names.contains(&machine))
    }
}

/// Why an entry is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// It has another form.
    #[error("`ignore` has the entry `{}`, which is not of the form VM:CODE or *:CODE", escaped(.0))]
    Form(String),
    /// No cause has its code.
    #[error("`ignore` has the entry `{}`: there is no cause `{}`", escaped(entry), escaped(code))]
    UnknownCause {
        /// The entry.
        entry: String,
        /// Its code.
        code: String,
    },
}

impl Diagnosis {
    /// The same with the named causes that a rule is about moved to `ignored`. If they explain all
    /// that is wrong, the machine counts as healthy.
    ///
    /// A cause that is not likely enough to be named stays: the fault could be another one.
    #[must_use]
    pub fn without_ignored(
        mut self,
        rules: &[IgnoreRule],
        names: &[&str],
        findings: &[Finding],
        catalogue: &Catalogue,
    ) -> Self {
        let is_ignored = |suspect: &Suspect| {
            let mut rules = rules.iter().filter(|rule| rule.is_about(names));
            suspect.probability >= NAMED_FROM && rules.any(|rule| rule.cause == suspect.code)
        };
        let (ignored, causes) = self.causes.into_iter().partition(is_ignored);
        (self.ignored, self.causes) = (ignored, causes);
        if self.ignored.is_empty() {
            return self;
        }
        let is_left = |code: &&str| !self.ignored.iter().any(|suspect| suspect.code == *code);
        self.together = self.together.filter(|both| both.iter().all(is_left));
        if self.causes.first().is_some_and(|first| first.probability >= NAMED_FROM) {
            return self;
        }
        let left = self.unexplained_by_ignored(findings, catalogue);
        if left.is_empty() {
            self.healthy = true;
            self.causes.clear();
            self.next_test = None;
        } else {
            let left = left.join("; ");
            self.cannot_tell =
                Some(format!("apart from what is ignored, no cause is likely: {left}"));
        }
        self
    }

    /// The sentences of findings that are faults and that no ignored cause produces, nor a
    /// consequence of one.
    fn unexplained_by_ignored<'a>(
        &self,
        findings: &[Finding],
        catalogue: &'a Catalogue,
    ) -> Vec<&'a str> {
        let codes = self.ignored.iter().flat_map(|suspect| {
            std::iter::once(suspect.code).chain(suspect.folded.iter().copied())
        });
        let causes: Vec<&Cause> = codes.filter_map(|code| catalogue.cause(code)).collect();
        let explained = |finding: &&Finding| {
            let mut produces = causes.iter().flat_map(|cause| &cause.produces);
            produces.any(|(code, _)| *code == finding.code)
        };
        let left = faults(findings, catalogue).filter(|finding| !explained(finding));
        left.map(|finding| catalogue.finding(finding.code).present.as_str()).collect()
    }
}
