//! What `vm doctor --fix` did, in documents.

use std::borrow::Cow;

use serde::Serialize;

use vmkit_diagnose::Fix;

use crate::clean::stored;

/// One remedy that was offered.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct FixDocument<'a> {
    vm: Cow<'a, str>,
    /// The cause that it should end.
    cause: &'static str,
    /// The remedy's `id`.
    remedy: Cow<'a, str>,
    title: Cow<'a, str>,
    /// The commands for a shell, each run if the one before succeeded.
    commands: Vec<Cow<'a, str>>,
    /// `fixed`, `not-fixed`, `not-measured`, `not-run` or `declined`. Nothing is called fixed that
    /// was not measured again.
    outcome: &'static str,
    /// The code of the finding that was measured again.
    measures: &'static str,
    /// The measurement, or why there is none.
    says: Cow<'a, str>,
    /// What the command printed, bounded.
    output: Cow<'a, str>,
    /// How the command ended; `null`: it did not run to its end.
    exit_status: Option<i32>,
    /// How to undo it.
    undo: Cow<'a, str>,
}

impl<'a> FixDocument<'a> {
    pub(super) fn new(fix: &'a Fix) -> Self {
        Self {
            vm: stored(&fix.vm),
            cause: fix.cause,
            remedy: stored(&fix.remedy),
            title: stored(&fix.title),
            commands: fix.commands.iter().map(|line| stored(line)).collect(),
            outcome: fix.outcome.code(),
            measures: fix.measures.code(),
            says: stored(&fix.says),
            output: stored(&fix.output),
            exit_status: fix.exit_status,
            undo: stored(&fix.undo),
        }
    }
}
