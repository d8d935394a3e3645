//! Observations stamped with their source and time: the input of scoring and diagnosis.

use std::{sync::Arc, time::SystemTime};

use vmkit_types::Observation;

/// An observation with its source and time. Only the host makes one; plugins report observations.
///
/// Cheap to clone: each candidate's ledger holds the evidence that it counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Number within the run, from 0. Ledgers and reports refer to it.
    pub id: u32,
    /// Id of the plugin that reported it.
    pub plugin: Arc<str>,
    /// When the host received it.
    pub received_at: SystemTime,
    /// The observation. Its `vm` is an index into the machines of the run.
    pub observation: Arc<Observation>,
}

impl Evidence {
    /// When the observation was true: its receipt less the age that its source gave, if any.
    pub fn seen_at(&self) -> SystemTime {
        self.observation
            .age
            .and_then(|age| self.received_at.checked_sub(age))
            .unwrap_or(self.received_at)
    }
}
