//! The document `vmkit.start/1`.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;

use super::UnknownFields;
use crate::{
    Launch, StartReport, StartResult, StartedVm,
    clean::stored,
    time::{milliseconds, rfc3339},
};

/// What became of the machines that were to be started. Fields may be added; `null` is "unknown" where
/// `unknown` names the field with a reason, and "there is none" otherwise.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.start/1"))]
pub(crate) struct StartDocument<'a> {
    /// `vmkit.start/1`.
    schema: &'static str,
    /// When the answer was ready, RFC 3339.
    generated_at: Option<String>,
    /// How long it took.
    elapsed_ms: u64,
    /// The machines, in the order in which they were named.
    vms: Vec<StartedVmDocument<'a>>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// A machine that was to be started.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StartedVm"))]
struct StartedVmDocument<'a> {
    name: Cow<'a, str>,
    /// `up`: it has an address and SSH answers. `addressed`: SSH does not answer yet, or a
    /// macvtap keeps this computer from it. `started`: nobody waited. `no-address`, `cannot-tell`, `failed`: `why` has the reason.
    result: &'static str,
    /// Its address.
    ip: Option<IpAddr>,
    /// Why it is not up, in a sentence.
    why: Option<Cow<'a, str>>,
    /// What its QEMU was started with, if it was started.
    qemu: Option<LaunchDocument<'a>>,
    /// How long it took until this was known.
    elapsed_ms: u64,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// What a machine's QEMU was started with.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Launch"))]
struct LaunchDocument<'a> {
    /// The process.
    pid: u32,
    /// `kvm`, `hvf` or `tcg`.
    acceleration: &'static str,
    /// `bridged` or `shared`.
    mode: &'static str,
    /// The bridge or adapter.
    interface: Option<Cow<'a, str>>,
}

impl<'a> StartDocument<'a> {
    pub(crate) fn new(report: &'a StartReport) -> Self {
        let mut unknown = UnknownFields::new();
        let generated_at = rfc3339(report.generated_at);
        if generated_at.is_none() {
            unknown.insert("generated_at", "the clock is out of range".to_owned());
        }
        Self {
            schema: "vmkit.start/1",
            generated_at,
            elapsed_ms: milliseconds(report.elapsed),
            vms: report.machines.iter().map(StartedVmDocument::new).collect(),
            unknown,
        }
    }
}

impl<'a> StartedVmDocument<'a> {
    fn new(vm: &'a StartedVm) -> Self {
        let mut unknown = UnknownFields::new();
        if vm.address.is_none() {
            let why = match &vm.result {
                StartResult::Started => Some("nobody waited for it"),
                StartResult::CannotTell(why) => Some(why.as_str()),
                _ => None,
            };
            unknown.extend(why.map(|why| ("ip", stored(why).into_owned())));
        }
        Self {
            name: stored(&vm.name),
            result: vm.result.code(),
            ip: vm.address,
            why: vm.result.why().map(stored),
            qemu: vm.launch.as_ref().map(LaunchDocument::new),
            elapsed_ms: milliseconds(vm.elapsed),
            unknown,
        }
    }
}

impl<'a> LaunchDocument<'a> {
    fn new(launch: &'a Launch) -> Self {
        Self {
            pid: launch.pid,
            acceleration: launch.acceleration,
            mode: launch.mode.code(),
            interface: launch.interface.as_deref().map(stored),
        }
    }
}
