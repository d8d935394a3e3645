//! The document `vmkit.status/1`.

use std::borrow::Cow;

use vmkit_model::{Mode, PluginOutcome, Problem};

use serde::Serialize;

use super::{
    UnknownFields,
    codes::{ModeCode, PluginStatusCode},
    vm::VmDocument,
};
use crate::{
    Statistics, Status,
    clean::stored,
    time::{milliseconds, rfc3339},
};

/// State, address and SSH readiness of virtual machines. Fields may be added; `null` is "unknown"
/// where `unknown` names the field with a reason, and "there is none" otherwise.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.status/1"))]
pub(crate) struct StatusDocument<'a> {
    /// `vmkit.status/1`.
    schema: &'static str,
    /// When the answer was ready, RFC 3339.
    generated_at: Option<String>,
    /// How much was asked.
    mode: ModeCode,
    /// How long it took.
    elapsed_ms: u64,
    /// The managers whose machines were looked for; empty: in a snapshot.
    managers: Vec<Cow<'a, str>>,
    /// The machines.
    vms: Vec<VmDocument<'a>>,
    /// The outcome of each plugin.
    plugins: Vec<PluginDocument<'a>>,
    /// Files and objects that could not be used.
    problems: Vec<ProblemDocument<'a>>,
    /// Counts over all machines; the full mode has them.
    stats: Option<Statistics>,
    /// The version and the weights behind the answer.
    provenance: Provenance<'a>,
    /// Fields of this level that are unknown, with the reason.
    unknown: UnknownFields,
}

/// The version and the weights behind the answer.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Provenance<'a> {
    /// Version of vmkit.
    vmkit: &'static str,
    /// Id of the table of weights.
    weights: Option<&'a str>,
}

/// The outcome of a plugin.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct PluginDocument<'a> {
    id: Cow<'a, str>,
    version: Option<Cow<'a, str>>,
    status: PluginStatusCode,
    /// How long it took, if it ran.
    elapsed_ms: Option<u64>,
    /// Why it did not answer, or another message.
    message: Option<Cow<'a, str>>,
    /// The command that repairs it, if there is one.
    hint: Option<Cow<'a, str>>,
}

/// A file or object that could not be used.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ProblemDocument<'a> {
    path: Cow<'a, str>,
    message: Cow<'a, str>,
}

impl<'a> StatusDocument<'a> {
    pub(crate) fn new(status: &'a Status<'_>) -> Self {
        let meta = &status.meta;
        let mut unknown = UnknownFields::new();
        let counts = (meta.mode == Mode::Full && meta.statistics).then_some(status.statistics);
        if counts.is_none() {
            unknown.insert("stats", "not asked for".to_owned());
        }
        if meta.weights.is_none() {
            unknown.insert("provenance.weights", "no address was scored".to_owned());
        }
        let generated_at = rfc3339(meta.generated_at);
        if generated_at.is_none() {
            unknown.insert("generated_at", "the clock is out of range".to_owned());
        }
        Self {
            schema: "vmkit.status/1",
            generated_at,
            mode: meta.mode.into(),
            elapsed_ms: milliseconds(meta.elapsed),
            managers: meta.managers.iter().map(|manager| stored(manager)).collect(),
            vms: status.vms.iter().map(VmDocument::new).collect(),
            plugins: status.plugins.iter().map(PluginDocument::new).collect(),
            problems: status.problems.iter().map(ProblemDocument::new).collect(),
            stats: counts,
            provenance: Provenance {
                vmkit: env!("CARGO_PKG_VERSION"),
                weights: meta.weights.as_deref(),
            },
            unknown,
        }
    }
}

impl<'a> PluginDocument<'a> {
    pub(super) fn new(plugin: &'a PluginOutcome) -> Self {
        Self {
            id: stored(&plugin.id),
            version: plugin.version.as_deref().map(stored),
            status: plugin.status.into(),
            elapsed_ms: plugin.elapsed.map(milliseconds),
            message: plugin.message.as_deref().map(stored),
            hint: plugin.hint.as_deref().map(stored),
        }
    }
}

impl<'a> ProblemDocument<'a> {
    pub(super) fn new(problem: &'a Problem) -> Self {
        Self {
            path: Cow::Owned(stored(&problem.path.display().to_string()).into_owned()),
            message: stored(&problem.message),
        }
    }
}
