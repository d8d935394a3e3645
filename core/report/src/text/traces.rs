//! `vm snapshot check` for people.

use std::io::{self, Write};

use vmkit_model::{Place, TraceKind};

use super::counted;
use crate::{SnapshotCheck, clean::shown};

/// Writes what was found, a line each, and a summary.
pub(crate) fn write_traces(check: &SnapshotCheck, out: &mut impl Write) -> io::Result<()> {
    let directory = shown(&check.directory);
    for trace in &check.traces {
        let place = match trace.place {
            Place::File => String::new(),
            Place::Line(line) => format!(":{line}"),
            Place::Packet(packet) => format!(", packet {packet}"),
        };
        let kind = match trace.kind {
            TraceKind::Mac => "MAC",
            TraceKind::Address => "address",
            TraceKind::Identifier => "identifier",
            TraceKind::Word => "word",
            TraceKind::Payload => "payload",
            TraceKind::File => "file",
        };
        writeln!(out, "{}{place}: {kind} {}", shown(&trace.path), shown(&trace.excerpt))?;
    }
    if check.traces.is_empty() {
        return writeln!(
            out,
            "Nothing in {directory} is known to identify a person, a place or a device."
        );
    }
    writeln!(out)?;
    writeln!(out, "{} could identify.", counted(check.traces.len(), "place"))?;
    writeln!(out, "Next: vm snapshot redact {directory} NEW")
}
