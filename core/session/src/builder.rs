//! Where and how a session looks.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use vmkit_host::{Found, Identity, Plugin, Run, Snapshot};
use vmkit_model::{Mode, PluginOutcome, PluginStatus};
use vmkit_scoring::Weights;
use vmkit_snapshot::Record;
use vmkit_types::Stage;

use crate::{Error, Session, Settings, Source, consent, host_keys::Keys, managers::Managers};

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
    tried: Option<Plugin>,
    /// The ids of the signals that are asked; `None`: all.
    only: Option<&'static [&'static str]>,
}

impl Builder {
    /// Looks at this computer, with every signal.
    pub fn new(settings: Settings) -> Self {
        let (source, mode) = (Source::Computer, Mode::Full);
        Self { settings, source, mode, thorough: false, silent: false, tried: None, only: None }
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

    /// Asks no other signals than those of these ids. A look then ends as soon as they have answered, and
    /// finds what they find.
    #[must_use]
    pub fn only(mut self, signals: &'static [&'static str]) -> Self {
        self.only = Some(signals);
        self
    }

    /// Asks this plugin as well, in place of another of its id. The caller has asked the user.
    #[must_use]
    pub fn trying(mut self, plugin: Plugin) -> Self {
        self.tried = Some(plugin);
        self
    }

    /// Starts the workers, which load while the first look reads the machines.
    ///
    /// # Errors
    /// The snapshot or a plugin's configuration cannot be read.
    pub fn start(self) -> Result<Session, Error> {
        let Self { settings, source, mode, thorough, silent, tried, only } = self;
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
            (with_tried(settings.plugins(), tried), Vec::new())
        };
        let found = match only {
            Some(signals) => among(found, signals),
            None => found,
        };
        let replayed = record.as_ref().map(|(_, record)| record);
        let run_settings = settings.of_run(mode, snapshot(source, replayed))?;
        // A snapshot is weighed as it was where it was saved, whatever this computer trusts.
        let recorded = replayed.and_then(|record| record.claims.clone());
        let claims = recorded.unwrap_or_else(|| consent::claims(&found));
        let managers =
            if is_replay { Managers::none() } else { Managers::start(&found, &settings)? };
        let run = Run::start(found, &settings.installation, run_settings);
        Ok(Session {
            run,
            keys: if is_replay { Keys::Recorded } else { Keys::of_user(&settings) },
            record,
            // Asking costs nothing on a snapshot.
            thorough: thorough || is_replay,
            silent,
            managers,
            silenced,
            weights: Weights::builtin()?.with_claims(&claims),
            settings,
            shown: BTreeMap::new(),
        })
    }
}

/// The plugins of these ids.
fn among(found: Vec<Found>, ids: &[&str]) -> Vec<Found> {
    let is_wanted = |found: &Found| {
        found.identity.as_ref().is_some_and(|it| ids.contains(&it.manifest.id.as_str()))
    };
    found.into_iter().filter(is_wanted).collect()
}

/// The plugins with the one that is tried in place of others of its id.
fn with_tried(found: Vec<Found>, tried: Option<Plugin>) -> Vec<Found> {
    let Some(plugin) = tried else { return found };
    let is_other = |other: &Found| {
        other.identity.as_ref().is_none_or(|it| it.manifest.id != plugin.manifest.id)
    };
    let mut found: Vec<Found> = found.into_iter().filter(is_other).collect();
    let (path, identity) = (plugin.path.clone(), Some(Identity::of(&plugin)));
    found.push(Found { path, identity, plugin: Ok(Arc::new(plugin)) });
    found
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
