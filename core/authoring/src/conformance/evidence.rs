//! What a plugin did when it was tried.

use vmkit_host::{Loaded, TrialEnd, TrialRecord, Tried};
use vmkit_wire::{FailureCode, Manifest};

/// Why a plugin does an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Ordinary calls, two of each.
    Ordinary,
    /// A call about nothing.
    Nothing,
    /// A call about a thousand machines, or as much of other things.
    Many,
    /// A call with texts that try to harm.
    Hostile,
    /// A call that is cancelled at once.
    Cancelled,
    /// A call with hardly any time.
    Deadline,
    /// Loading with the defaults of the configuration's schema.
    Defaults,
    /// Loading with a key that the schema does not have.
    UnknownKey,
}

/// All that is known of a plugin.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    /// Its manifest.
    pub(super) manifest: &'a Manifest,
    /// The exercises that it did, and how each went.
    pub(super) records: Vec<(Purpose, TrialRecord)>,
}

impl Evidence<'_> {
    /// How the exercises for this purpose went.
    pub(super) fn of(&self, purpose: Purpose) -> impl Iterator<Item = &TrialRecord> {
        self.records.iter().filter(move |(of, _)| *of == purpose).map(|(_, record)| record)
    }

    /// The calls for this purpose.
    pub(super) fn calls_of(&self, purpose: Purpose) -> impl Iterator<Item = &Tried> {
        self.of(purpose).flat_map(|record| &record.calls)
    }

    /// All calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Tried> {
        self.records.iter().flat_map(|(_, record)| &record.calls)
    }

    /// Whether the plugin could be loaded as it is without a configuration.
    pub(super) fn is_loaded(&self) -> bool {
        self.of(Purpose::Ordinary).all(|record| matches!(record.loaded, Loaded::Ready(_)))
    }

    /// How the calls for this purpose failed that did, in words. What the system refuses is not the
    /// plugin's failure.
    pub(super) fn failures(&self, purpose: Purpose) -> Vec<String> {
        let ends = self.calls_of(purpose).map(|call| &call.end).filter(|end| !is_refused(end));
        ends.filter_map(in_words).collect()
    }

    /// Whether this computer refused the plugin something in a call for this purpose.
    pub(super) fn is_refused(&self, purpose: Purpose) -> bool {
        self.calls_of(purpose).any(|call| is_refused(&call.end))
    }
}

fn is_refused(end: &TrialEnd) -> bool {
    matches!(end, TrialEnd::Failed(FailureCode::Denied, _))
}

/// How a call ended that did not end well.
pub(super) fn in_words(end: &TrialEnd) -> Option<String> {
    match end {
        TrialEnd::Done => None,
        TrialEnd::Failed(_, why) => Some(format!("it ended with the error: {why}")),
        TrialEnd::Died(how) => Some(how.clone()),
        TrialEnd::Overdue => Some("it did not return in time".to_owned()),
        TrialEnd::Protocol(what) => Some(format!("it sent {what}")),
    }
}
