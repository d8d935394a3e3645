//! Addresses that the DHCP servers of this computer have leased to the machines.
//!
//! A lease is a machine's where it names the machine's MAC, or where its client identifier holds
//! it and it names no other. A lease of the same name alone is nobody's: names are not unique.

#![deny(unsafe_code)]

mod client_id;
mod findings;
mod formats;
mod lease;
mod places;

use std::io::Write as _;

use serde::Deserialize;
use vmkit_plugin::{Cx, Observation, Plugin, Result, Signal, Source, Stage, Subject, Unread};

use findings::LeaseFile;
use places::FileText;

/// Nothing can be set: where to look is what the manifest declares.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// The plugin.
pub struct Leases;

impl Plugin for Leases {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for Leases {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        cx.check()?;
        if cx.stage() != Stage::Discover || vms.is_empty() {
            return Ok(());
        }
        let texts = match cx.source() {
            Source::Snapshot => places::of_snapshot(cx),
            Source::Live | Source::Recording => places::live(),
        };
        let unrecorded = record(&texts, cx);
        let (mut files, mut unread) = (Vec::new(), Vec::new());
        for text in texts {
            cx.check()?;
            match read(text) {
                Ok(file) => files.push(file),
                Err(why) => unread.push(why),
            }
        }
        for why in unread.iter().chain(&unrecorded) {
            tracing::warn!("{why}");
        }
        cx.emit_all(findings::observations(vms, &files, &unread, cx.now()))?;
        // What is missing in a snapshot says nothing of the leases that were seen.
        cx.emit_all(
            (0..vms.len())
                .flat_map(|vm| unrecorded.iter().map(move |why| Observation::unread(vm, why)))
                .collect(),
        )
    }
}

/// The leases of one file.
fn read(file: FileText) -> Result<LeaseFile, Unread> {
    let FileText { format, bridge, name, text } = file;
    let leases = format.leases(&String::from_utf8_lossy(&text?)).map_err(|_| {
        Unread::Malformed(format!("{name} does not look like the leases of {}", format.server()))
    })?;
    Ok(LeaseFile { format, bridge, leases })
}

/// Hands the texts to the snapshot that is being recorded; gives what could not be.
fn record(texts: &[FileText], cx: &Cx<'_>) -> Vec<Unread> {
    if cx.source() != Source::Recording {
        return Vec::new();
    }
    let mut failed = Vec::new();
    for (file, artefact) in texts.iter().zip(places::artefacts(texts)) {
        let Ok(text) = &file.text else { continue };
        let written = match cx.recording(&artefact) {
            Ok(Some(mut record)) => record.write_all(text).map_err(|error| error.to_string()),
            Ok(None) => Ok(()),
            Err(error) => Err(error.message),
        };
        if let Err(error) = written {
            failed.push(Unread::Failed(format!("record {}: {error}", file.name)));
        }
    }
    failed
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Leases);
