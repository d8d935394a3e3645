//! One plugin in a run: its outcome, and the thread that drives its worker.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    time::{Duration, Instant, SystemTime},
};

use vmkit_model::{PluginOutcome, PluginStatus};
use vmkit_state::FileHash;
use vmkit_types::{Observation, Stage};
use vmkit_wire::{Cost, PluginKind};

use super::{batch::Batch, question::Wait};
use crate::{
    Installation, Origin, Plugin, Refusal, RunSettings,
    worker::{Call, End, Received, Worker},
};

/// How long starting a worker and loading may take at least. Measured at 3 ms; the rest is for a
/// loaded machine and a cold disk.
const LOAD_PATIENCE: Duration = Duration::from_secs(1);

/// Why a plugin that probes was not asked. A machine may have an address that no network of this computer
/// has, and which is shown beside this.
const NOTHING_TO_PROBE: &str = "no address to probe: only those on this computer's own links are";

/// How long starting a worker and loading may take: a longer deadline for calls says that this
/// computer is slow.
pub(crate) fn load_patience(settings: &RunSettings) -> Duration {
    LOAD_PATIENCE.max(settings.call_deadline)
}

/// When an observation was received, and the observation.
pub(super) type Fact = (SystemTime, Arc<Observation>);

/// One plugin in a run.
pub(super) struct Lane {
    /// Id of the plugin.
    id: Arc<str>,
    /// What its file holds; `None`: it may not be loaded.
    sha256: Option<FileHash>,
    pub(super) outcome: PluginOutcome,
    /// The plugin; `None`: it may not be loaded, or this mode does not ask it.
    pub(super) plugin: Option<Arc<Plugin>>,
    pub(super) failures: u32,
    /// How many workers it has had, so that a late event of an earlier one is known as such.
    pub(super) generation: u32,
    pub(super) jobs: Option<mpsc::Sender<Job>>,
    pub(super) pending: usize,
    pub(super) asked: bool,
    pub(super) discovered: Vec<Fact>,
    pub(super) confirmed: Vec<Fact>,
}

impl Lane {
    /// The lane of a signal, and its worker where this mode asks it at once; `None` for a plugin
    /// that has no part in this run.
    pub(super) fn of(plugin: Arc<Plugin>, index: usize, base: &Base) -> Option<Self> {
        let manifest = &plugin.manifest;
        let replays = base.settings.snapshot.is_replayed();
        let is_signal = manifest.is(PluginKind::Signal);
        if !is_signal || (manifest.snapshot_only && !replays) {
            return None;
        }
        let sha256 = Some(plugin.sha256);
        let lane = Self::idle(PluginOutcome {
            id: manifest.id.clone(),
            version: Some(manifest.version.clone()),
            status: PluginStatus::Ok,
            message: None,
            hint: None,
            elapsed: None,
            names_addresses: Some(manifest.takes_part_in(Stage::Discover)),
        });
        let mut lane = Self { sha256, ..lane };
        if manifest.modes.contains(&base.settings.mode) {
            if !plugin.manifest.only_in_doubt {
                base.start(index, &mut lane, &plugin);
            }
            lane.plugin = Some(plugin);
        } else {
            lane.outcome.status = PluginStatus::Skipped;
            lane.outcome.message = Some(PluginOutcome::OTHER_MODE.to_owned());
        }
        Some(lane)
    }

    pub(super) fn idle(outcome: PluginOutcome) -> Self {
        Self {
            id: outcome.id.as_str().into(),
            sha256: None,
            outcome,
            plugin: None,
            failures: 0,
            generation: 0,
            jobs: None,
            pending: 0,
            asked: false,
            discovered: Vec::new(),
            confirmed: Vec::new(),
        }
    }

    pub(super) fn takes_part_in(&self, stage: Stage) -> bool {
        self.plugin.as_ref().is_some_and(|plugin| plugin.manifest.takes_part_in(stage))
    }

    /// Whether it runs only when other signals are inconclusive.
    pub(super) fn asks_guest_agents(&self) -> bool {
        let needs = self.plugin.as_ref().map(|plugin| plugin.manifest.needs_here());
        needs.is_some_and(|needs| needs.guest_agent)
    }

    pub(super) fn only_in_doubt(&self) -> bool {
        self.plugin.as_ref().is_some_and(|plugin| plugin.manifest.only_in_doubt)
    }

    /// Whether it gets the machines' known host keys.
    pub(super) fn compares_host_keys(&self) -> bool {
        self.plugin.as_ref().is_some_and(|plugin| plugin.manifest.needs_here().host_keys)
    }

    /// Whether the others' packets change what it looks at.
    pub(super) fn after_probes(&self) -> bool {
        self.plugin.as_ref().is_some_and(|plugin| plugin.manifest.after_probes)
    }

    /// Whether it discovers by waiting for others on the network: rarely needed, never quick.
    pub(super) fn is_slow(&self) -> bool {
        let cost = self.plugin.as_ref().map(|plugin| plugin.manifest.cost);
        cost == Some(Cost::Network) && self.takes_part_in(Stage::Discover)
    }

    /// Records how it ended; it takes no further call. Returns the crash or flood that it was, if it
    /// was one.
    pub(super) fn end(&mut self, end: End) -> Option<Incident> {
        let incident = self.sha256.filter(|_| end.is_incident).map(|sha256| Incident {
            id: self.outcome.id.clone(),
            sha256,
            what: end.message.clone(),
        });
        self.outcome.status = end.status;
        self.outcome.message = Some(end.message);
        self.outcome.hint = end.hint;
        self.jobs = None;
        self.pending = 0;
        self.asked = true;
        self.failures += 1;
        incident
    }

    /// How its part of the round went, where these plugins were waited for.
    pub(super) fn outcome_after(&self, wait: Wait, has_targets: bool) -> PluginOutcome {
        let skipped = |why: &str| PluginOutcome {
            status: PluginStatus::Skipped,
            message: Some(why.to_owned()),
            ..self.outcome.clone()
        };
        let untouched = self.outcome.status == PluginStatus::Ok && !self.asked;
        let not_needed =
            if self.is_slow() { self.pending > 0 } else { self.only_in_doubt() && untouched };
        match wait {
            Wait::Quick if not_needed => skipped("every address was clear without it"),
            _ if untouched && !has_targets => skipped("no running VM to ask about"),
            _ if untouched => skipped(NOTHING_TO_PROBE),
            Wait::Quick | Wait::All => self.outcome.clone(),
        }
    }

    /// Forgets what the last round gave.
    pub(super) fn begin_round(&mut self) {
        self.pending = 0;
        self.asked = false;
        self.discovered.clear();
        self.confirmed.clear();
        if self.jobs.is_some() {
            self.outcome.status = PluginStatus::Ok;
            self.outcome.message = None;
            self.outcome.elapsed = None;
        }
    }

    pub(super) fn facts<'a>(
        &'a self,
        of: &'a [Fact],
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Fact)> {
        of.iter().map(|fact| (&self.id, fact))
    }
}

/// One call to make.
pub(super) struct Job {
    pub(super) round: u32,
    pub(super) batch: Arc<Batch>,
}

/// How one call ended.
pub(super) struct Event {
    pub(super) lane: usize,
    /// The lane's generation when the worker was started.
    pub(super) generation: u32,
    /// The round of the job.
    pub(super) round: u32,
    pub(super) stage: Stage,
    pub(super) facts: Vec<Received>,
    /// Time that the worker has spent in this round so far, loading included.
    pub(super) elapsed: Duration,
    /// What of the plugin is not confined, which its user has agreed to.
    pub(super) unconfined: Option<String>,
    /// Why the worker takes no further call.
    pub(super) end: Option<End>,
}

/// A crash or a flood of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// What its file holds.
    pub sha256: FileHash,
    /// What happened, in a sentence.
    pub what: String,
}

/// What all lanes of a run share.
pub(super) struct Base {
    installation: Arc<Installation>,
    pub(super) settings: Arc<RunSettings>,
    events: mpsc::Sender<Event>,
}

impl Base {
    pub(super) fn new(
        installation: &Installation,
        settings: RunSettings,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let installation = Arc::new(installation.clone());
        Self { installation, settings: Arc::new(settings), events }
    }

    /// Starts the thread; it takes jobs until the sender is dropped or its worker fails.
    pub(super) fn start(&self, index: usize, lane: &mut Lane, plugin: &Arc<Plugin>) {
        let (jobs, queue) = mpsc::channel();
        let (installation, settings) = (Arc::clone(&self.installation), Arc::clone(&self.settings));
        let (plugin, events) = (Arc::clone(plugin), self.events.clone());
        lane.generation += 1;
        let of = (index, lane.generation);
        std::thread::spawn(move || lead(of, &plugin, &installation, &settings, &queue, &events));
        lane.jobs = Some(jobs);
    }
}

fn lead(
    (lane, generation): (usize, u32),
    plugin: &Plugin,
    installation: &Installation,
    settings: &RunSettings,
    queue: &mpsc::Receiver<Job>,
    events: &mpsc::Sender<Event>,
) {
    let began = Instant::now();
    let mut worker = Worker::start(installation, plugin, settings, load_patience(settings));
    let mut loading = began.elapsed();
    let mut spent = (0, Duration::ZERO);
    for Job { round, batch } in queue {
        let began = Instant::now();
        let call = Call {
            stage: batch.stage,
            subjects: &batch.subjects,
            consoles: &batch.consoles,
            guest_agents: &batch.guest_agents,
            processes: &batch.processes,
            on_links: &batch.on_links,
            broker: &settings.broker,
            reads_of_root: installation.privileged,
            snapshot: &settings.snapshot,
            budget: settings.call_deadline,
        };
        let (facts, outcome) = match &mut worker {
            Ok(worker) => worker.observe(plugin, &call),
            Err(end) => (Vec::new(), Err(end.clone())),
        };
        if spent.0 != round {
            spent = (round, Duration::ZERO);
        }
        spent.1 += std::mem::take(&mut loading) + began.elapsed();
        let (end, elapsed) = (outcome.err(), spent.1);
        let over = end.is_some();
        let unconfined = worker.as_ref().ok().and_then(|worker| worker.unconfined.clone());
        // What came with vmkit runs with the seals that there are.
        let unconfined = unconfined.filter(|_| plugin.origin != Origin::Bundled);
        let stage = batch.stage;
        let event = Event { lane, generation, round, stage, facts, elapsed, unconfined, end };
        if events.send(event).is_err() || over {
            return;
        }
    }
}

/// The outcome of a library that may not be loaded.
pub(crate) fn refused(
    path: &Path,
    refusal: &Refusal,
    installation: &Installation,
) -> PluginOutcome {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    PluginOutcome {
        id: vmkit_types::escaped(&name),
        version: None,
        status: refusal.status(),
        message: Some(vmkit_types::escaped(&refusal.in_full())),
        hint: Some(vmkit_types::escaped(&refusal.mend(path, installation).to_string())),
        elapsed: None,
        // The plugin that has this id answers instead.
        names_addresses: matches!(refusal, Refusal::SameId { .. }).then_some(false),
    }
}
