//! The document `vmkit.resolve/1`.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;

use super::{UnknownFields, codes::VerdictCode, field, probability, status::PluginDocument};
use crate::{
    Resolution, State,
    clean::stored,
    text::no_address_of,
    time::{milliseconds, rfc3339},
};

/// The address of one virtual machine. Fields may be added; `null` is "unknown" where `unknown`
/// names the field with a reason, and "there is none" otherwise.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.resolve/1"))]
pub(crate) struct ResolveDocument<'a> {
    /// `vmkit.resolve/1`.
    schema: &'static str,
    /// When the answer was ready, RFC 3339.
    generated_at: Option<String>,
    /// How long it took.
    elapsed_ms: u64,
    name: Cow<'a, str>,
    state: Option<State>,
    /// The address, if the verdict is `resolved` or `probable`.
    ip: Option<IpAddr>,
    /// Probability that the address is the machine's, 0 to 1.
    confidence: Option<f64>,
    verdict: VerdictCode,
    /// Where its SSH server is reached in place of `ip`, such as `127.0.0.1:2222`.
    endpoint: Option<String>,
    /// The outcome of each plugin.
    plugins: Vec<PluginDocument<'a>>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

impl<'a> ResolveDocument<'a> {
    pub(crate) fn new(resolution: &'a Resolution<'_>) -> Self {
        let vm = &resolution.vm;
        let pick = vm.pick;
        let mut unknown = UnknownFields::new();
        if let Some(reason) = no_address_of(vm.machine.power, pick) {
            unknown.insert("ip", reason);
        }
        let generated_at = rfc3339(resolution.generated_at);
        if generated_at.is_none() {
            unknown.insert("generated_at", "the clock is out of range".to_owned());
        }
        Self {
            schema: "vmkit.resolve/1",
            generated_at,
            elapsed_ms: milliseconds(resolution.elapsed),
            name: stored(&vm.machine.name),
            state: field("state", &vm.state, &mut unknown).copied(),
            ip: pick.address,
            confidence: pick.confidence.map(probability),
            verdict: pick.verdict_of(vm.machine.power).into(),
            endpoint: vm.endpoint.map(|endpoint| endpoint.address.to_string()),
            plugins: resolution.plugins.iter().map(PluginDocument::new).collect(),
            unknown,
        }
    }
}
