//! The document `vmkit.list/1`.

use std::borrow::Cow;

use serde::Serialize;

use super::{UnknownFields, field};
use crate::{
    ListedVm, MachineList,
    clean::stored,
    state::power_code,
    time::{milliseconds, rfc3339},
};

/// The machines of the data directory. Fields may be added; `null` is "unknown" where `unknown` names the
/// field with a reason, and "there is none" otherwise.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "vmkit.list/1"))]
pub(crate) struct MachineListDocument<'a> {
    /// `vmkit.list/1`.
    schema: &'static str,
    /// When the answer was ready, RFC 3339.
    generated_at: Option<String>,
    /// How long it took.
    elapsed_ms: u64,
    /// The machines, by name.
    vms: Vec<ListedVmDocument<'a>>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// A machine.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ListedVm"))]
struct ListedVmDocument<'a> {
    name: Cow<'a, str>,
    /// `missing`, `stopped`, `paused` or `running`.
    state: Option<&'static str>,
    /// The network that it is on, or that it will be started on.
    net: Option<ListedNetworkDocument<'a>>,
    /// The size of its disk, such as `20G`.
    disk: Option<Cow<'a, str>>,
    /// Memory in MiB.
    memory_mb: Option<u64>,
    /// Virtual processors.
    cpus: Option<u32>,
    /// Fields that are unknown, with the reason.
    unknown: UnknownFields,
}

/// The network of a machine.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ListedNetwork"))]
struct ListedNetworkDocument<'a> {
    /// `bridged`, `shared` or `user`.
    mode: &'static str,
    /// The bridge or adapter.
    interface: Option<Cow<'a, str>>,
}

impl<'a> MachineListDocument<'a> {
    pub(crate) fn new(list: &'a MachineList) -> Self {
        let mut unknown = UnknownFields::new();
        let generated_at = rfc3339(list.generated_at);
        if generated_at.is_none() {
            unknown.insert("generated_at", "the clock is out of range".to_owned());
        }
        Self {
            schema: "vmkit.list/1",
            generated_at,
            elapsed_ms: milliseconds(list.elapsed),
            vms: list.machines.iter().map(ListedVmDocument::new).collect(),
            unknown,
        }
    }
}

impl<'a> ListedVmDocument<'a> {
    fn new(vm: &'a ListedVm) -> Self {
        let mut unknown = UnknownFields::new();
        let net = field("net", &vm.network, &mut unknown).map(|network| ListedNetworkDocument {
            mode: network.mode.code(),
            interface: network.interface.as_deref().map(stored),
        });
        Self {
            name: stored(&vm.name),
            state: field("state", &power_code(vm.power), &mut unknown).copied(),
            net,
            disk: field("disk", &vm.disk, &mut unknown).map(|disk| stored(disk)),
            memory_mb: field("memory_mb", &vm.memory_mb, &mut unknown).copied(),
            cpus: field("cpus", &vm.cpus, &mut unknown).copied(),
            unknown,
        }
    }
}
