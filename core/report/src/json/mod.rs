//! The documents for programs. Their types make the JSON Schemas in docs/schema.

mod booting;
mod codes;
mod dhcp;
mod doctor;
mod fix;
mod hosts;
mod plugins;
mod remedy;
mod resolve;
mod status;
mod vm;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;
use vmkit_types::Reading;

pub(crate) use doctor::DoctorDocument;
pub(crate) use hosts::HostsDocument;
pub(crate) use plugins::PluginsDocument;
pub(crate) use resolve::ResolveDocument;
pub(crate) use status::StatusDocument;

use crate::clean::{ascii, stored};

/// Names of fields that are `null` because they are unknown, with the reason.
pub(crate) type UnknownFields = BTreeMap<&'static str, String>;

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
        ("vmkit.resolve.1.json", text(schemars::schema_for!(ResolveDocument<'_>))),
        ("vmkit.hosts.1.json", text(schemars::schema_for!(HostsDocument<'_>))),
    ]
}

/// The value of a field. The reason of an unknown value goes to `unknown`; an absent value is
/// `null` without a reason.
fn field<'r, T>(
    name: &'static str,
    reading: &'r Reading<T>,
    unknown: &mut UnknownFields,
) -> Option<&'r T> {
    match reading {
        Reading::Known(value) => Some(value),
        Reading::Absent => None,
        Reading::Unknown(why) => {
            unknown.insert(name, stored(&why.to_string()).into_owned());
            None
        }
    }
}

/// Rounds to three decimals, which is more than the table of weights is accurate to. An uncertain
/// probability is never rounded to 1.
fn probability(value: f64) -> f64 {
    let shown = rounded(value, 1000.0);
    if value < 1.0 { shown.min(0.999) } else { shown }
}

/// Rounds weights and milliseconds to two decimals.
fn hundredths(value: f64) -> f64 {
    rounded(value, 100.0)
}

fn rounded(value: f64, parts: f64) -> f64 {
    let rounded = (value * parts).round() / parts;
    // Not "-0.0".
    if rounded == 0.0 { 0.0 } else { rounded }
}
