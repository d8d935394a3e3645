//! One inventory, and the thread that drives its worker.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use vmkit_model::{PluginOutcome, PluginStatus};

use super::{
    check::{Checked, Proof, checked},
    console,
};
use crate::{
    Incident, Installation, Origin, Plugin, RunSettings,
    processes::{Proofs, Seen},
    run::load_patience,
    worker::{End, ListCall, MOST_MACHINES, Worker},
};

/// Why an inventory is not asked.
const NOT_HERE: &str = "nothing of its manager is on this computer";

/// What all lanes share.
pub(super) struct Base {
    pub(super) installation: Installation,
    pub(super) settings: RunSettings,
    /// The home directory of the user whom plugins run as.
    pub(super) home: Option<PathBuf>,
}

/// One call to make.
pub(super) struct Job {
    pub(super) round: u32,
    pub(super) seen: Arc<Seen>,
}

/// How one call ended.
pub(super) struct Event {
    pub(super) lane: usize,
    /// The lane's generation when the worker was started.
    pub(super) generation: u32,
    pub(super) round: u32,
    pub(super) listed: Result<Checked, End>,
    /// Time that the worker has spent in this round, loading included.
    pub(super) elapsed: Duration,
    /// What of the plugin is not confined, which its user has agreed to.
    pub(super) unconfined: Option<String>,
}

/// One inventory.
pub(super) struct Lane {
    pub(super) plugin: Arc<Plugin>,
    pub(super) failures: u32,
    /// How many workers it has had, so that a late event of an earlier one is known as such.
    pub(super) generation: u32,
    /// Takes calls; `None`: no worker runs.
    pub(super) jobs: Option<mpsc::Sender<Job>>,
    pub(super) is_pending: bool,
    /// What it lists in this round.
    pub(super) checked: Option<Checked>,
    pub(super) outcome: PluginOutcome,
}

impl Lane {
    pub(super) fn of(plugin: Arc<Plugin>) -> Self {
        let outcome = PluginOutcome {
            id: plugin.manifest.id.clone(),
            version: Some(plugin.manifest.version.clone()),
            status: PluginStatus::Skipped,
            message: Some(NOT_HERE.to_owned()),
            hint: None,
            elapsed: None,
            names_addresses: Some(false),
        };
        let (jobs, checked) = (None, None);
        Self { plugin, failures: 0, generation: 0, jobs, is_pending: false, checked, outcome }
    }

    /// Starts the thread; it takes jobs until the sender is dropped or its worker fails.
    pub(super) fn start(&mut self, index: usize, base: &Arc<Base>, events: &mpsc::Sender<Event>) {
        let (jobs, queue) = mpsc::channel();
        self.generation += 1;
        self.jobs = Some(jobs);
        let (of, base) = ((index, self.generation), Arc::clone(base));
        let (plugin, events) = (Arc::clone(&self.plugin), events.clone());
        std::thread::spawn(move || lead(of, &plugin, &base, &queue, &events));
    }

    /// Forgets what the last round gave.
    pub(super) fn begin_round(&mut self) {
        self.is_pending = false;
        self.checked = None;
    }

    /// Whether it was asked in this round, or has failed.
    pub(super) fn was_asked(&self) -> bool {
        self.outcome.status != PluginStatus::Skipped
    }

    /// Asks it, if its worker runs.
    pub(super) fn ask(&mut self, job: Job) {
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if sent {
            self.is_pending = true;
            self.outcome.status = PluginStatus::Ok;
            self.outcome.message = None;
            self.outcome.hint = None;
            self.outcome.elapsed = None;
        }
    }

    /// Takes what came of its call in this round.
    pub(super) fn take(&mut self, event: Event) -> Option<Incident> {
        self.is_pending = false;
        self.outcome.elapsed = Some(event.elapsed);
        if let Some(what) = event.unconfined {
            self.outcome.message = Some(format!("runs unconfined: {what}"));
        }
        match event.listed {
            Ok(checked) => {
                self.checked = Some(checked);
                None
            }
            Err(end) => self.end(end),
        }
    }

    /// Records how it ended; it takes no further call. Returns the crash or flood that it was, if it was
    /// one.
    pub(super) fn end(&mut self, end: End) -> Option<Incident> {
        let incident = end.is_incident.then(|| Incident {
            id: self.outcome.id.clone(),
            sha256: self.plugin.sha256,
            what: end.message.clone(),
        });
        self.outcome.status = end.status;
        self.outcome.message = Some(end.message);
        self.outcome.hint = end.hint;
        self.jobs = None;
        self.is_pending = false;
        self.failures += 1;
        incident
    }
}

fn lead(
    (lane, generation): (usize, u32),
    plugin: &Plugin,
    base: &Base,
    queue: &mpsc::Receiver<Job>,
    events: &mpsc::Sender<Event>,
) {
    let Base { installation, settings, .. } = base;
    let began = Instant::now();
    let mut worker = Worker::start(installation, plugin, settings, load_patience(settings));
    let mut loading = began.elapsed();
    for Job { round, seen } in queue {
        let began = Instant::now();
        let broker = installation.privileged.then_some(&settings.broker);
        let call = ListCall { seen: &seen, broker, budget: settings.call_deadline };
        let listed = match &mut worker {
            Ok(worker) => worker.list(plugin, &call),
            Err(end) => Err(end.clone()),
        };
        let listed = listed.map(|machines| {
            let platform = vmkit_platform::current();
            let needs = plugin.manifest.needs_here();
            let mut proofs = Proofs::new(&platform, broker, needs);
            let processes_only = needs.read_files.is_empty();
            let proof = Proof { prove: |pid| proofs.prove(pid), processes_only };
            let proof = (!needs.processes.is_empty()).then_some(proof);
            let mut checked = checked(machines.items, MOST_MACHINES, proof);
            console::check_all(&mut checked.machines, needs, base.home.as_deref(), &platform);
            checked.problems.extend(machines.gaps);
            checked
        });
        let elapsed = std::mem::take(&mut loading) + began.elapsed();
        let is_over = listed.is_err();
        let unconfined = worker.as_ref().ok().and_then(|worker| worker.unconfined.clone());
        // What came with vmkit runs with the seals that there are.
        let unconfined = unconfined.filter(|_| plugin.origin != Origin::Bundled);
        let event = Event { lane, generation, round, listed, elapsed, unconfined };
        if events.send(event).is_err() || is_over {
            return;
        }
    }
}
