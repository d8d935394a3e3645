//! Addresses that DHCP servers of this computer leased to the machines.
//!
//! A lease is a machine's if it has the machine's MAC, or has no MAC and the machine's MAC in its client
//! identifier. A name in a lease does not count, because names are not unique.

#![deny(unsafe_code)]

mod files;
mod findings;

use vmkit_plugin::{
    Cx, NoConfig, Observation, Plugin, Result, Signal, Source, Stage, Subject, Unread,
};

use files::FileText;
use findings::LeaseFile;

/// The plugin.
pub struct Leases;

impl Plugin for Leases {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
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
            Source::Snapshot => files::of_snapshot(cx),
            Source::Live | Source::Recording => files::live(cx),
        };
        if texts.is_empty() {
            return cx.emit_all(findings::without_files(vms.len()));
        }
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
        // A failed recording says nothing about the leases, so it comes after them.
        cx.emit_all(
            (0..vms.len())
                .flat_map(|vm| unrecorded.iter().map(move |why| Observation::unread(vm, why)))
                .collect(),
        )
    }
}

/// The leases in one file.
fn read(file: FileText) -> Result<LeaseFile, Unread> {
    let FileText { format, bridge, name, text } = file;
    let leases = format.leases(&String::from_utf8_lossy(&text?)).map_err(|_| {
        Unread::Malformed(format!("{name} does not look like a lease file of {}", format.server()))
    })?;
    Ok(LeaseFile { format, bridge, leases })
}

/// Writes the texts into the snapshot that is being recorded; returns what failed.
fn record(texts: &[FileText], cx: &Cx<'_>) -> Vec<Unread> {
    let artefacts = texts.iter().zip(files::artefacts(texts));
    let failed = |(file, artefact): (&FileText, String)| {
        let text = file.text.as_ref().ok()?;
        let error = cx.record(&artefact, text).err()?;
        Some(Unread::Failed(format!("record {}: {error}", file.name)))
    };
    artefacts.filter_map(failed).collect()
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Leases);
