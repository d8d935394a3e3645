//! Where and how a session looks.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use vmkit_host::{Found, Run, Snapshot};
use vmkit_model::{Mode, PluginOutcome, PluginStatus};
use vmkit_scoring::Weights;
use vmkit_snapshot::Record;
use vmkit_types::Stage;

use crate::{Error, Session, Settings, Source, host_keys::Keys};

/// What one call of a plugin may take on a snapshot, at least: nothing there waits on a network, but
/// long captures take a while on a busy computer, and a plugin that times out changes the answer.
const SNAPSHOT_DEADLINE: Duration = Duration::from_secs(10);

/// Says where and how to look, and starts a [`Session`].
#[derive(Debug)]
pub struct Builder {
    settings: Settings,
    source: Source,
    mode: Mode,
    thorough: bool,
    silent: bool,
}

impl Builder {
    /// Looks at this computer, with every signal.
    pub fn new(settings: Settings) -> Self {
        let (source, mode) = (Source::Computer, Mode::Full);
        Self { settings, source, mode, thorough: false, silent: false }
    }

    /// Looks here.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// Looks at a snapshot: nothing is sent, and nothing outside of the directory is read.
    #[must_use]
    pub fn snapshot(self, directory: impl Into<PathBuf>) -> Self {
        self.source(Source::Snapshot(directory.into()))
    }

    /// Asks only the quick signals.
    #[must_use]
    pub fn fast(mut self) -> Self {
        self.mode = Mode::Fast;
        self
    }

    /// Asks every signal about every candidate, even where an address is clear without it.
    #[must_use]
    pub fn thorough(mut self) -> Self {
        self.thorough = true;
        self
    }

    /// Leaves out the signals that can send, so that neither packets nor questions leave.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Starts the workers, which load while the first look reads the machines.
    ///
    /// # Errors
    /// The snapshot or a plugin's configuration cannot be read.
    pub fn start(self) -> Result<Session, Error> {
        let Self { settings, source, mode, thorough, silent } = self;
        let record = match &source {
            Source::Snapshot(directory) => {
                Some((directory.clone(), vmkit_snapshot::open(directory)?))
            }
            Source::Computer | Source::Recorded(_) => None,
        };
        let is_replay = record.is_some();
        let settings = if is_replay { settings.with_patience(SNAPSHOT_DEADLINE) } else { settings };
        let (found, silenced) = if silent {
            without_senders(settings.plugins())
        } else {
            (settings.plugins(), Vec::new())
        };
        let replayed = record.as_ref().map(|(_, record)| record);
        let run_settings = settings.of_run(mode, snapshot(source, replayed))?;
        let run = Run::start(found, &settings.installation, run_settings);
        Ok(Session {
            run,
            keys: if is_replay { Keys::Recorded } else { Keys::of_user(&settings) },
            record,
            // Asking costs nothing on a snapshot.
            thorough: thorough || is_replay,
            silenced,
            weights: Weights::builtin()?,
            settings,
            shown: BTreeMap::new(),
        })
    }
}

fn snapshot(source: Source, record: Option<&Record>) -> Snapshot {
    match (source, record) {
        (_, Some(record)) => Snapshot::Replay {
            directory: record.directory.clone(),
            artefacts: record.artefacts.keys().cloned().collect(),
            captured_at: record.captured_at,
        },
        (Source::Recorded(directory), None) => Snapshot::Recording { directory },
        (Source::Computer | Source::Snapshot(_), None) => Snapshot::None,
    }
}

/// The plugins that cannot send, and the outcomes of the signals that can.
fn without_senders(found: Vec<Found>) -> (Vec<Found>, Vec<PluginOutcome>) {
    let sends = |found: &Found| {
        let plugin = found.plugin.as_ref().ok();
        plugin.is_some_and(|plugin| {
            let needs = plugin.manifest.needs_here();
            needs.network || needs.arp
        })
    };
    let (sending, silent): (Vec<_>, Vec<_>) = found.into_iter().partition(sends);
    let manifests = sending.iter().filter_map(|found| Some(&found.plugin.as_ref().ok()?.manifest));
    let signals = manifests.filter(|manifest| {
        manifest.takes_part_in(Stage::Discover) || manifest.takes_part_in(Stage::Confirm)
    });
    let outcomes = signals.map(|manifest| PluginOutcome {
        id: manifest.id.clone(),
        version: Some(manifest.version.clone()),
        status: PluginStatus::Skipped,
        message: Some("it can send, and nothing is to be sent".to_owned()),
        hint: None,
        elapsed: None,
        names_addresses: Some(manifest.takes_part_in(Stage::Discover)),
    });
    (silent, outcomes.collect())
}
