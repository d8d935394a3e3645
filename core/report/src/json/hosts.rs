//! The document `vmkit.hosts/1`.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;

use super::{UnknownFields, status::PluginDocument};
use crate::{
    HostsDecision, HostsOutcome, HostsSync, HostsVm,
    clean::stored,
    time::{milliseconds, rfc3339},
};

/// The changes of the hosts file. Fields may be added; `null` is "unknown" where `unknown` names
/// the field with a reason, and "there is none" otherwise.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.hosts/1"))]
pub(crate) struct HostsDocument<'a> {
    /// `vmkit.hosts/1`.
    schema: &'static str,
    /// When the answer was ready, RFC 3339.
    generated_at: Option<String>,
    /// How long it took.
    elapsed_ms: u64,
    /// The real path of the file.
    file: Cow<'a, str>,
    /// What was done with it.
    outcome: HostsOutcome,
    /// The hunks of a unified diff; empty: nothing changes.
    diff: Vec<Cow<'a, str>>,
    /// The machines, by name.
    vms: Vec<VmDocument<'a>>,
    /// Numbers of the lines outside of the block that are taken over.
    adopted_lines: &'a [usize],
    /// The path of the former file, after a change.
    backup: Option<Cow<'a, str>>,
    /// The caches of resolvers that were flushed.
    caches: Vec<CacheDocument<'a>>,
    /// The next command, word by word.
    next: Option<Vec<Cow<'a, str>>>,
    /// The outcome of each plugin.
    plugins: Vec<PluginDocument<'a>>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// What happens to one machine's line.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HostsVm"))]
struct VmDocument<'a> {
    name: Cow<'a, str>,
    decision: HostsDecision,
    /// The address of its line afterwards.
    ip: Option<IpAddr>,
    /// The address that its line had, if it changes.
    former_ip: Option<IpAddr>,
    /// Why, unless that is obvious.
    reason: Option<Cow<'a, str>>,
    /// Host names that its line does not get.
    names_left_out: Vec<NameDocument<'a>>,
}

/// A name that is not written.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HostsName"))]
struct NameDocument<'a> {
    name: Cow<'a, str>,
    reason: Cow<'a, str>,
}

/// A cache of a resolver.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HostsCache"))]
struct CacheDocument<'a> {
    /// The command that flushes it.
    command: Cow<'a, str>,
    flushed: bool,
    /// Why it was not flushed.
    message: Option<Cow<'a, str>>,
}

impl<'a> HostsDocument<'a> {
    pub(crate) fn new(sync: &'a HostsSync) -> Self {
        let mut unknown = UnknownFields::new();
        let generated_at = rfc3339(sync.generated_at);
        if generated_at.is_none() {
            unknown.insert("generated_at", "the clock is out of range".to_owned());
        }
        let all = |list: &'a [String]| list.iter().map(|text| stored(text)).collect();
        let caches = sync.caches.iter().map(|(command, outcome)| CacheDocument {
            command: stored(command),
            flushed: outcome.is_ok(),
            message: outcome.as_ref().err().map(|why| stored(why)),
        });
        Self {
            schema: "vmkit.hosts/1",
            generated_at,
            elapsed_ms: milliseconds(sync.elapsed),
            file: stored(&sync.file),
            outcome: sync.outcome,
            diff: all(&sync.diff),
            vms: sync.vms.iter().map(VmDocument::new).collect(),
            adopted_lines: &sync.adopted,
            backup: sync.backup.as_deref().map(stored),
            caches: caches.collect(),
            next: sync.next.as_deref().map(all),
            plugins: sync.plugins.iter().map(PluginDocument::new).collect(),
            unknown,
        }
    }
}

impl<'a> VmDocument<'a> {
    fn new(vm: &'a HostsVm) -> Self {
        let names = vm.names_left_out.iter();
        Self {
            name: stored(&vm.name),
            decision: vm.decision,
            ip: vm.address,
            former_ip: vm.former,
            reason: vm.reason.as_deref().map(stored),
            names_left_out: names
                .map(|(name, why)| NameDocument { name: stored(name), reason: stored(why) })
                .collect(),
        }
    }
}
