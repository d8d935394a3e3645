//! The documents `vmkit.plugin-run/1` and `vmkit.plugin-search/1`.

use std::borrow::Cow;

use serde::Serialize;
use vmkit_types::Reading;

use crate::{IndexSearch, PluginRun, clean::stored};

/// What a plugin reported. Fields may be added.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "vmkit.plugin-run/1")
)]
pub(crate) struct PluginRunDocument<'a> {
    /// `vmkit.plugin-run/1`.
    schema: &'static str,
    id: Cow<'a, str>,
    version: Cow<'a, str>,
    /// `ok`, or how its part failed.
    status: &'static str,
    message: Option<Cow<'a, str>>,
    /// What a signal reported, by VM.
    observations: Vec<ObservationDocument<'a>>,
    /// The VMs that an inventory listed.
    machines: Vec<MachineDocument<'a>>,
}

/// One observation.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RunObservation"))]
struct ObservationDocument<'a> {
    vm: Cow<'a, str>,
    kind: Cow<'a, str>,
    address: Option<String>,
    mac: Option<String>,
    age_ms: Option<u64>,
    says: Cow<'a, str>,
    /// Names and values.
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// One VM of an inventory.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RunMachine"))]
struct MachineDocument<'a> {
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    /// `null` where it is not known.
    state: Option<&'static str>,
    macs: Vec<String>,
}

impl<'a> PluginRunDocument<'a> {
    pub(crate) fn new(run: &'a PluginRun) -> Self {
        let observations = run.observations.iter().map(|seen| {
            let it = &seen.observation;
            ObservationDocument {
                vm: stored(&seen.vm),
                kind: stored(it.kind.code()),
                address: it.address.map(|address| address.to_string()),
                mac: it.mac.map(|mac| mac.to_string()),
                age_ms: it.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
                says: stored(&it.says),
                attributes: it.attributes.iter().map(|(k, v)| (stored(k), stored(v))).collect(),
            }
        });
        let machines = run.machines.iter().map(|machine| MachineDocument {
            id: stored(&machine.id),
            name: stored(&machine.name),
            state: match &machine.state {
                Reading::Known(state) => Some(state.code()),
                Reading::Absent | Reading::Unknown(_) => None,
            },
            macs: machine.macs.iter().map(ToString::to_string).collect(),
        });
        Self {
            schema: "vmkit.plugin-run/1",
            id: stored(&run.id),
            version: stored(&run.version),
            status: run.status.code(),
            message: run.message.as_deref().map(stored),
            observations: observations.collect(),
            machines: machines.collect(),
        }
    }
}

/// The plugins of an index that were looked for. Fields may be added.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "vmkit.plugin-search/1")
)]
pub(crate) struct PluginSearchDocument<'a> {
    /// `vmkit.plugin-search/1`.
    schema: &'static str,
    plugins: Vec<IndexedDocument<'a>>,
    /// Entries that cannot be read, each in a sentence.
    errors: Vec<Cow<'a, str>>,
}

/// One plugin of an index.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "IndexedPlugin"))]
struct IndexedDocument<'a> {
    name: Cow<'a, str>,
    /// The newest version that runs here; `null` where none does.
    version: Option<Cow<'a, str>>,
    /// Why no version runs here.
    message: Option<Cow<'a, str>>,
    summary: Cow<'a, str>,
}

impl<'a> PluginSearchDocument<'a> {
    pub(crate) fn new(search: &'a IndexSearch) -> Self {
        let plugins = search.plugins.iter().map(|plugin| IndexedDocument {
            name: stored(&plugin.name),
            version: plugin.version.as_ref().ok().map(|version| stored(version)),
            message: plugin.version.as_ref().err().map(|why| stored(why)),
            summary: stored(&plugin.summary),
        });
        Self {
            schema: "vmkit.plugin-search/1",
            plugins: plugins.collect(),
            errors: search.wrong.iter().map(|why| stored(why)).collect(),
        }
    }
}
