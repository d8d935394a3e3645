//! Where the signals of a run look.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use vmkit_files::Directory;
use vmkit_types::{Source, Stage};
use vmkit_wire::Manifest;

/// In a replay, how long before the capture a plugin that looks twice took its first look; a record
/// does not hold it. Shorter than any probing and longer than one look, so that the second look counts
/// as the later one.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Whether a run looks at the computer, records what it sees there, or replays a record.
#[derive(Clone, Debug, Default)]
pub enum Snapshot {
    /// At the computer.
    #[default]
    None,
    /// At the computer, and every raw artefact is written below this directory.
    Recording {
        /// The directory of the snapshot.
        directory: Directory,
    },
    /// At these files and nowhere else.
    Replay {
        /// The directory of the snapshot.
        directory: Directory,
        /// The paths of the files in it.
        artefacts: BTreeSet<String>,
        /// When they were captured: the present of the run.
        captured_at: SystemTime,
    },
}

impl Snapshot {
    /// Whether nothing but a snapshot is looked at.
    pub(crate) fn is_replayed(&self) -> bool {
        matches!(self, Self::Replay { .. })
    }

    /// The present of the run.
    pub(crate) fn now(&self) -> SystemTime {
        match self {
            Self::Replay { captured_at, .. } => *captured_at,
            Self::None | Self::Recording { .. } => SystemTime::now(),
        }
    }

    /// The time at which a fact of this plugin that arrives now, in this stage, counts as received.
    pub(crate) fn received_at(&self, manifest: &Manifest, stage: Stage) -> SystemTime {
        let now = self.now();
        if self.is_replayed() && manifest.after_probes && stage == Stage::Discover {
            return now.checked_sub(BETWEEN_LOOKS).unwrap_or(now);
        }
        now
    }

    /// What plugins learn of where to look.
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::None => Source::Live,
            Self::Recording { .. } => Source::Recording,
            Self::Replay { .. } => Source::Snapshot,
        }
    }

    /// The names of the artefacts that can be opened.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        let artefacts = match self {
            Self::Replay { artefacts, .. } => Some(artefacts),
            Self::None | Self::Recording { .. } => None,
        };
        artefacts.into_iter().flatten()
    }
}
