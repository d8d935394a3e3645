//! A guest that is still booting, in the document of the doctor.

use std::borrow::Cow;

use serde::Serialize;
use vmkit_diagnose::Booting;

use crate::{clean::stored, time::milliseconds};

/// A guest that is still booting.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct BootingDocument<'a> {
    /// `address` or `ssh`.
    awaits: &'static str,
    /// The same in words.
    awaited: Cow<'a, str>,
    /// How long its process has run; `null`: unknown.
    uptime_ms: Option<u64>,
    /// The evidence that it is still booting.
    because: Cow<'a, str>,
    /// How long it usually takes.
    usual: Cow<'a, str>,
    /// After this time it no longer counts as booting.
    limit_ms: u64,
    /// Sources of these times.
    sources: Vec<Cow<'a, str>>,
}

pub(super) fn booting(booting: &Booting) -> BootingDocument<'_> {
    BootingDocument {
        awaits: booting.awaits.word(),
        awaited: stored(&booting.awaited),
        uptime_ms: booting.uptime.map(milliseconds),
        because: stored(&booting.because),
        usual: stored(&booting.usual),
        limit_ms: milliseconds(booting.limit),
        sources: booting.sources.iter().map(|source| stored(source)).collect(),
    }
}
