//! The catalogue and how to look things up in it.

use super::kinds::{BootTimes, Cause, FindingKind, RemedyKind, Test};
use crate::FindingCode;

/// All findings, causes, remedies and tests: the data of `findings.toml`, `remedies.toml`,
/// `tests.toml` and `causes/CODE.toml`.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// One for each code, in the order of the codes.
    pub(crate) findings: Vec<FindingKind>,
    pub(crate) causes: Vec<Cause>,
    pub(crate) remedies: Vec<RemedyKind>,
    pub(crate) tests: Vec<Test>,
    pub(crate) boot: BootTimes,
    /// The prior probability of a fault that no cause covers.
    pub(crate) unknown_prior: f64,
}

impl Catalogue {
    /// Drops commands for which `has` is false. Their words have placeholders in braces. The steps of
    /// the remedies and tests stay.
    #[must_use]
    pub fn with_commands(mut self, has: impl Fn(&[String]) -> bool) -> Self {
        for kind in &mut self.remedies {
            if !std::iter::once(&kind.command).chain(&kind.then).all(|words| has(words)) {
                kind.command.clear();
                kind.then.clear();
            }
        }
        self.tests.iter_mut().filter(|test| !has(&test.command)).for_each(|t| t.command.clear());
        self
    }

    /// The commands of all remedies and tests, with placeholders in braces.
    pub fn commands(&self) -> impl Iterator<Item = &[String]> {
        let remedies = self.remedies.iter().flat_map(|kind| {
            [kind.command.as_slice()].into_iter().chain(kind.then.iter().map(Vec::as_slice))
        });
        let tests = self.tests.iter().map(|test| test.command.as_slice());
        remedies.chain(tests).filter(|command| !command.is_empty())
    }

    /// Whether there is a remedy with this code.
    pub fn has_remedy(&self, id: &str) -> bool {
        self.remedies.iter().any(|kind| kind.id == id)
    }

    /// The description of a finding.
    pub fn finding(&self, code: FindingCode) -> &FindingKind {
        &self.findings[code.index()]
    }

    /// All causes, layer by layer.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// The cause with this code.
    pub fn cause(&self, code: &str) -> Option<&Cause> {
        self.causes.iter().find(|cause| cause.code == code)
    }
}
