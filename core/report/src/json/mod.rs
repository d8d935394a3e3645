//! The documents for programs. Their types make the JSON Schemas in docs/schema.

mod booting;
mod codes;
mod dhcp;
mod doctor;
mod field;
mod fix;
mod hosts;
mod machine_list;
mod networks;
mod path;
mod plugin_check;
mod plugin_lock;
mod plugin_run;
mod plugins;
mod remedy;
mod resolve;
mod started;
mod status;
mod traces;
mod vm;

use std::io::{self, Write};

use serde::Serialize;

pub(crate) use doctor::DoctorDocument;
pub(crate) use hosts::HostsDocument;
pub(crate) use machine_list::MachineListDocument;
pub(crate) use networks::NetworksDocument;
pub(crate) use plugin_check::PluginCheckDocument;
pub(crate) use plugin_lock::PluginLockDocument;
pub(crate) use plugin_run::{PluginRunDocument, PluginSearchDocument};
pub(crate) use plugins::PluginsDocument;
pub(crate) use resolve::ResolveDocument;
pub(crate) use started::StartDocument;
pub(crate) use status::StatusDocument;
pub(crate) use traces::SnapshotCheckDocument;

use crate::clean::ascii;

use field::{UnknownFields, field, hundredths, probability};

/// Writes one document and a line break: indented, in ASCII.
pub(crate) fn write(out: &mut impl Write, document: &impl Serialize) -> io::Result<()> {
    let mut text = ascii(&serde_json::to_string_pretty(document).map_err(io::Error::other)?);
    text.push('\n');
    out.write_all(text.as_bytes())
}

/// The JSON Schemas by the name of their file in docs/schema.
#[cfg(feature = "schema")]
pub fn schema() -> Vec<(&'static str, String)> {
    let text = |schema: schemars::Schema| {
        let json = serde_json::to_string_pretty(&schema).unwrap_or_default();
        ascii(&json) + "\n"
    };
    vec![
        ("vmkit.status.1.json", text(schemars::schema_for!(StatusDocument<'_>))),
        ("vmkit.doctor.1.json", text(schemars::schema_for!(DoctorDocument<'_>))),
        ("vmkit.plugins.1.json", text(schemars::schema_for!(PluginsDocument<'_>))),
        ("vmkit.plugin-lock.1.json", text(schemars::schema_for!(PluginLockDocument<'_>))),
        ("vmkit.plugin-check.1.json", text(schemars::schema_for!(PluginCheckDocument<'_>))),
        ("vmkit.plugin-run.1.json", text(schemars::schema_for!(PluginRunDocument<'_>))),
        ("vmkit.plugin-search.1.json", text(schemars::schema_for!(PluginSearchDocument<'_>))),
        ("vmkit.resolve.1.json", text(schemars::schema_for!(ResolveDocument<'_>))),
        ("vmkit.list.1.json", text(schemars::schema_for!(MachineListDocument<'_>))),
        ("vmkit.start.1.json", text(schemars::schema_for!(StartDocument<'_>))),
        ("vmkit.hosts.1.json", text(schemars::schema_for!(HostsDocument<'_>))),
        ("vmkit.net.1.json", text(schemars::schema_for!(NetworksDocument<'_>))),
        ("vmkit.snapshot-check.1.json", text(schemars::schema_for!(SnapshotCheckDocument<'_>))),
    ]
}
