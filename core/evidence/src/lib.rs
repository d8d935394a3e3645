//! Observations stamped with their source and time: what scoring and diagnosis decide on.

#![forbid(unsafe_code)]

use std::{sync::Arc, time::SystemTime};

use vmkit_types::Observation;

/// One fact with where and when it came from. Plugins never make it: the host stamps it.
///
/// Cheap to clone: each candidate's ledger holds the evidence that it counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Number of the item in its run, counted from 0: the handle of ledgers and reports.
    pub id: u32,
    /// Id of the plugin that reported it.
    pub plugin: Arc<str>,
    /// When the host received it.
    pub received_at: SystemTime,
    /// The fact. Its `vm` is an index into the machines of the run.
    pub observation: Arc<Observation>,
}

impl Evidence {
    /// When the fact was true, as far as its source tells: receipt less the age it gave.
    pub fn seen_at(&self) -> SystemTime {
        self.observation
            .age
            .and_then(|age| self.received_at.checked_sub(age))
            .unwrap_or(self.received_at)
    }
}
