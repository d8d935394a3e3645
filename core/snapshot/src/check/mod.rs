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

/// What the names of counters and times end with, and most digits of their numbers: those of a time in milliseconds.
const COUNTED: [&str; 5] = ["bytes", "packets", "operations", "ms", "us"];
const MOST_DIGITS: usize = 13;
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
    let is_document = Path::new(name).extension().is_some_and(|extension| extension == "json");
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        let line = if is_document { without_count(&line) } else { &line };
        lines::check(path, Place::Line(number as u64 + 1), line, traces, hosts);
    }
}

/// A line of a document without the number of a counter or a time: `"rx-bytes": 2044000171,`.
fn without_count(line: &str) -> &str {
    let Some((name, number)) = line.rsplit_once("\": ") else { return line };
    let number = number.trim_end_matches(',');
    let is_number = number.len() <= MOST_DIGITS && number.bytes().all(|it| it.is_ascii_digit());
    let is_counted = name.rsplit(['_', '-']).next().is_some_and(|end| COUNTED.contains(&end));
    if is_number && is_counted { name } else { line }
}
