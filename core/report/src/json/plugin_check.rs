//! The document `vmkit.plugin-check/1`.

use std::borrow::Cow;

use serde::Serialize;

use crate::{PluginCheck, Standing, clean::stored};

/// Whether a plugin keeps the rules of plugins. Fields may be added.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "vmkit.plugin-check/1")
)]
pub(crate) struct PluginCheckDocument<'a> {
    /// `vmkit.plugin-check/1`.
    schema: &'static str,
    /// The plugin's id, or the name of its file if its manifest cannot be read.
    id: Cow<'a, str>,
    version: Option<Cow<'a, str>>,
    path: String,
    /// The SHA-256 of its file, if it can be read.
    sha256: Option<&'a str>,
    /// Whether it breaks no rule.
    passed: bool,
    /// The rules that are about a plugin of its kinds.
    rules: Vec<RuleDocument<'a>>,
}

/// One rule.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CheckedRule"))]
struct RuleDocument<'a> {
    /// Such as `cancel`.
    id: &'a str,
    /// The rule as a sentence.
    rule: &'a str,
    /// `kept`, `broken` or `not-checked`.
    outcome: &'static str,
    /// How it breaks the rule, or why nobody could see, each in a sentence.
    details: Vec<Cow<'a, str>>,
    /// What to change; `null` where the rule is not broken.
    change: Option<&'a str>,
}

impl<'a> PluginCheckDocument<'a> {
    pub(crate) fn new(check: &'a PluginCheck) -> Self {
        let rules = check.rules.iter().map(|rule| {
            let (outcome, details) = match &rule.standing {
                Standing::Kept => ("kept", Vec::new()),
                Standing::Broken(how) => ("broken", how.iter().map(|how| stored(how)).collect()),
                Standing::NotChecked(why) => ("not-checked", vec![Cow::Borrowed(*why)]),
            };
            let change = (outcome == "broken").then_some(rule.change);
            RuleDocument { id: rule.id, rule: rule.says, outcome, details, change }
        });
        Self {
            schema: "vmkit.plugin-check/1",
            id: stored(&check.id),
            version: check.version.as_deref().map(stored),
            path: stored(&check.path.display().to_string()).into_owned(),
            sha256: check.sha256.as_deref(),
            passed: check.broken() == 0,
            rules: rules.collect(),
        }
    }
}
