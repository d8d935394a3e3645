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
    /// How long its process has run; `null`: not known.
    uptime_ms: Option<u64>,
    /// By what it is known that the boot goes on.
    because: Cow<'a, str>,
    /// How long it takes as a rule.
    usual: Cow<'a, str>,
    /// After this time it is not held to be booting any more.
    limit_ms: u64,
    /// Where these times are known from.
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
