//! What was found.

use std::collections::BTreeSet;

use vmkit_model::{Place, Trace, TraceKind};

/// Most traces that are listed.
const MOST: usize = 10_000;

/// What was found, each thing once for each file.
#[derive(Debug, Default)]
pub(super) struct Traces {
    found: BTreeSet<(String, TraceKind, String)>,
    listed: Vec<Trace>,
}

impl Traces {
    /// Adds one, unless the file has it already.
    pub(super) fn add(&mut self, path: &str, place: Place, kind: TraceKind, excerpt: &str) {
        let excerpt = vmkit_types::bounded(excerpt, 80).to_owned();
        let is_new = self.found.insert((path.to_owned(), kind, excerpt.clone()));
        if is_new && self.listed.len() < MOST {
            self.listed.push(Trace { path: path.to_owned(), place, kind, excerpt });
        }
    }

    /// In the order of the files.
    pub(super) fn into_sorted(mut self) -> Vec<Trace> {
        self.listed.sort();
        self.listed
    }
}
