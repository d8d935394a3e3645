//! Plugins that crash or flood again and again.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::{FileHash, document::InvalidState, plugin_list, time};

/// The schema of the file.
const SCHEMA: &str = "vmkit.quarantine/1";
/// Failures after which a plugin no longer runs.
const MOST_FAILURES: usize = 3;
/// How long a failure counts. A plugin that fails once a month is a nuisance, not a danger.
const COUNTS_FOR: Duration = Duration::from_hours(7 * 24);
/// Most remembered plugins. Beyond that, the ones that failed longest ago are forgotten.
const MOST_PLUGINS: usize = 256;

/// The plugins that have crashed or flooded, by the content of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quarantine {
    plugins: Vec<FailedPlugin>,
}

/// A plugin that has failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FailedPlugin {
    /// Its id.
    pub id: String,
    /// What its file holds.
    pub sha256: FileHash,
    /// Its last failures, the oldest first.
    pub failures: Vec<Failure>,
}

/// One crash or flood.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Failure {
    /// What happened, in a sentence.
    pub what: String,
    /// When.
    #[serde(with = "time")]
    pub at: SystemTime,
}

impl FailedPlugin {
    fn is_quarantined(&self) -> bool {
        self.failures.len() >= MOST_FAILURES
    }
}

impl Quarantine {
    /// Parses the file. Invalid entries are dropped.
    ///
    /// # Errors
    /// The file is malformed or of another version.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidState> {
        Ok(Self { plugins: plugin_list::parse(text, SCHEMA)? })
    }

    /// The text of the file.
    pub fn to_text(&self) -> Vec<u8> {
        plugin_list::to_text(&self.plugins, SCHEMA)
    }

    /// Records a failure. The third within a week quarantines the plugin until somebody lifts that.
    pub fn record(&mut self, id: &str, sha256: FileHash, what: &str, now: SystemTime) {
        let found = self.plugins.iter().position(|plugin| plugin.sha256 == sha256);
        let mut plugin = found.map(|index| self.plugins.remove(index)).unwrap_or(FailedPlugin {
            id: id.to_owned(),
            sha256,
            failures: Vec::new(),
        });
        if plugin.is_quarantined() {
            // A run that began before the quarantine.
            plugin.failures.remove(0);
        } else {
            // A clock that was set back makes a failure of the future, which counts.
            let is_old = |at| now.duration_since(at).is_ok_and(|age| age > COUNTS_FOR);
            plugin.failures.retain(|failure| !is_old(failure.at));
        }
        plugin.failures.push(Failure { what: what.to_owned(), at: now });
        self.plugins.push(plugin);
        let surplus = self.plugins.len().saturating_sub(MOST_PLUGINS);
        self.plugins.drain(..surplus);
    }

    /// The plugin with this content, if it is quarantined.
    pub fn holds(&self, sha256: FileHash) -> Option<&FailedPlugin> {
        self.plugins.iter().find(|plugin| plugin.sha256 == sha256 && plugin.is_quarantined())
    }

    /// Forgets all failures of this content. `false`: there was none.
    pub fn lift(&mut self, sha256: FileHash) -> bool {
        let before = self.plugins.len();
        self.plugins.retain(|plugin| plugin.sha256 != sha256);
        self.plugins.len() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: FileHash = FileHash::new([7; 32]);

    fn at(hour: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(hour)
    }

    #[test]
    fn quarantines_after_three_failures_within_a_week() {
        // Hours of the failures, and whether the plugin is quarantined then.
        let rows: [(&[u64], bool); 5] = [
            (&[1, 2], false),
            (&[1, 2, 3], true),
            (&[0, 100, 169], false),
            (&[0, 1, 2, 1000], true),
            (&[5, 4, 3], true),
        ];
        for (hours, expected) in rows {
            let mut quarantine = Quarantine::default();
            for hour in hours {
                quarantine.record("lucky", HASH, "crashed", at(*hour));
            }
            assert_eq!(quarantine.holds(HASH).is_some(), expected, "{hours:?}");
            assert_eq!(Quarantine::parse(&quarantine.to_text()).unwrap(), quarantine);
            assert!(quarantine.lift(HASH) && !quarantine.lift(HASH));
            assert_eq!(quarantine.holds(HASH), None);
        }
    }

    #[test]
    fn remembers_a_bounded_number_of_plugins_and_failures() {
        let mut quarantine = Quarantine::default();
        for number in 0..=MOST_PLUGINS {
            let hash = FileHash::new(std::array::from_fn(|byte| {
                number.to_le_bytes().get(byte).copied().unwrap_or(0)
            }));
            for hour in 0..10 {
                quarantine.record("lucky", hash, "crashed", at(hour));
            }
        }
        assert_eq!(quarantine.plugins.len(), MOST_PLUGINS);
        assert!(quarantine.plugins.iter().all(|plugin| plugin.failures.len() == MOST_FAILURES));
    }
}
