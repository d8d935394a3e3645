//! Collects what the sources of a world report.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use vmkit_model::Evidence;
use vmkit_types::Observation;

/// The moment of every look, in seconds since the epoch.
const NOW: u64 = 1_800_000_000;

/// How long before the end of a look the discovering signals report.
const DISCOVERED_BEFORE: Duration = Duration::from_millis(400);

/// The moment of every look.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

/// Collects the observations of the sources.
pub(super) struct Collector {
    pub(super) evidence: Vec<Evidence>,
}

impl Collector {
    pub(super) fn discovered(&mut self, plugin: &str, observation: Observation) {
        self.push(plugin, now() - DISCOVERED_BEFORE, observation);
    }

    pub(super) fn confirmed(&mut self, plugin: &str, observation: Observation) {
        self.push(plugin, now(), observation);
    }

    fn push(&mut self, plugin: &str, received_at: SystemTime, observation: Observation) {
        // A case has a few hundred items at most.
        let id = u32::try_from(self.evidence.len()).unwrap_or(u32::MAX);
        self.evidence.push(Evidence {
            id,
            plugin: plugin.into(),
            received_at,
            observation: observation.into(),
        });
    }

    /// Addresses reported for this VM, in order.
    pub(super) fn named(&self, vm: usize) -> Vec<IpAddr> {
        let mut named = Vec::new();
        for item in self.evidence.iter().filter(|item| item.observation.vm == vm) {
            if let Some(address) = item.observation.address
                && !named.contains(&address)
            {
                named.push(address);
            }
        }
        named
    }
}
