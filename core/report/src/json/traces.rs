//! The document `vmkit.snapshot-check/1`.

use std::borrow::Cow;

use serde::Serialize;
use vmkit_model::{Place, Trace, TraceKind};

use crate::{SnapshotCheck, clean::stored};

/// What in a snapshot could still identify a person, a place or a device. Fields may be added.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "vmkit.snapshot-check/1")
)]
pub(crate) struct SnapshotCheckDocument<'a> {
    /// `vmkit.snapshot-check/1`.
    schema: &'static str,
    directory: Cow<'a, str>,
    /// Whether nothing was found.
    clean: bool,
    /// What was found, each thing once for each file.
    traces: Vec<TraceDocument<'a>>,
}

/// Something that could identify.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Trace"))]
struct TraceDocument<'a> {
    /// The file, by its path in the snapshot.
    path: Cow<'a, str>,
    /// The line of a text, from 1; `null`: it is a packet, or the file as such.
    line: Option<u64>,
    /// The packet of a capture, from 1; `null`: it is a line, or the file as such.
    packet: Option<u64>,
    kind: TraceKindCode,
    /// What stands there, bounded.
    excerpt: Cow<'a, str>,
}

/// What could identify.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TraceKind"))]
pub(crate) enum TraceKindCode {
    /// A hardware address.
    Mac,
    /// An address of the Internet, or the host part of a private one.
    Address,
    /// A DUID, a client identifier, a key or a long number.
    Identifier,
    /// A word that is no common one.
    Word,
    /// A part of a packet that no diagnosis needs.
    Payload,
    /// A file that no snapshot has, or that cannot be checked.
    File,
}

impl TraceKindCode {
    pub(crate) fn of(kind: TraceKind) -> Self {
        match kind {
            TraceKind::Mac => Self::Mac,
            TraceKind::Address => Self::Address,
            TraceKind::Identifier => Self::Identifier,
            TraceKind::Word => Self::Word,
            TraceKind::Payload => Self::Payload,
            TraceKind::File => Self::File,
        }
    }
}

impl<'a> SnapshotCheckDocument<'a> {
    pub(crate) fn new(check: &'a SnapshotCheck) -> Self {
        Self {
            schema: "vmkit.snapshot-check/1",
            directory: stored(&check.directory),
            clean: check.traces.is_empty(),
            traces: check.traces.iter().map(TraceDocument::new).collect(),
        }
    }
}

impl<'a> TraceDocument<'a> {
    fn new(trace: &'a Trace) -> Self {
        let (line, packet) = match trace.place {
            Place::File => (None, None),
            Place::Line(line) => (Some(line), None),
            Place::Packet(packet) => (None, Some(packet)),
        };
        let kind = TraceKindCode::of(trace.kind);
        Self { path: stored(&trace.path), line, packet, kind, excerpt: stored(&trace.excerpt) }
    }
}
