//! Lists what in a snapshot could still identify a person, a place or a device.
//!
//! Shares only the list of known words with the redaction: a fault there is found here.

mod lines;
mod octets;
mod packets;
mod shapes;
mod traces;

use std::{io, path::Path};

use vmkit_files::Directory;
use vmkit_model::{Place, Trace, TraceKind};

use crate::{
    limits::{LARGEST_ARTEFACT, MOST_FILES},
    read::{OpenError, open},
};
use traces::Traces;

/// Deepest folder that is looked into. The format has one level.
const DEEPEST: usize = 8;

/// What in the snapshot at this path could still identify, in the order of its files.
///
/// # Errors
/// There is no snapshot.
pub fn check(path: &Path) -> Result<Vec<Trace>, OpenError> {
    let directory = open(path)?.directory;
    let mut traces = Traces::default();
    let mut addresses = octets::Hosts::default();
    folder(&directory, "", DEEPEST, &mut traces, &mut addresses)
        .map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })?;
    addresses.report(&mut traces);
    Ok(traces.into_sorted())
}

fn folder(
    directory: &Directory,
    above: &str,
    deepest: usize,
    traces: &mut Traces,
    hosts: &mut octets::Hosts,
) -> io::Result<()> {
    let (names, more) = directory.names(MOST_FILES)?;
    if more {
        traces.add(above, Place::File, TraceKind::File, "too many files");
    }
    for name in names {
        let path = format!("{above}{name}");
        if let Ok(Some(inner)) = directory.below(&name) {
            lines::check(&path, Place::File, &name, traces, hosts);
            if deepest > 0 {
                folder(&inner, &format!("{path}/"), deepest - 1, traces, hosts)?;
            } else {
                traces.add(&path, Place::File, TraceKind::File, "too deep");
            }
            continue;
        }
        match directory.read(&name, LARGEST_ARTEFACT) {
            Ok(bytes) => file(&path, &name, &bytes.unwrap_or_default(), traces, hosts),
            Err(error) => traces.add(&path, Place::File, TraceKind::File, &error.to_string()),
        }
    }
    Ok(())
}

fn file(path: &str, name: &str, bytes: &[u8], traces: &mut Traces, hosts: &mut octets::Hosts) {
    lines::check(path, Place::File, name, traces, hosts);
    if Path::new(name).extension().is_some_and(|extension| extension == "pcap") {
        packets::check(path, bytes, traces, hosts);
        return;
    }
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        lines::check(path, Place::Line(number as u64 + 1), &line, traces, hosts);
    }
}
