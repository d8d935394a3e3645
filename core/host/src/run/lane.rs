//! The thread that leads one worker through its run.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use super::{Outcome, Settings, batch::Batch};
use crate::{
    Installation, Plugin, Refusal,
    worker::{Call, End, Received, Worker},
};

/// How long starting a worker and loading may take. Measured at 3 ms; the rest is for a loaded
/// machine and a cold disk.
const LOAD_PATIENCE: Duration = Duration::from_secs(1);

/// One call to make.
pub(super) struct Job {
    pub(super) round: u32,
    pub(super) batch: Arc<Batch>,
}

/// How one call ended.
pub(super) struct Event {
    pub(super) lane: usize,
    /// The round of the job.
    pub(super) round: u32,
    pub(super) stage: &'static str,
    pub(super) facts: Vec<Received>,
    /// Time that the worker has spent in this round so far, loading included.
    pub(super) elapsed: Duration,
    /// Why the worker takes no further call.
    pub(super) end: Option<End>,
}

/// What all lanes of a run share.
pub(super) struct Base {
    installation: Arc<Installation>,
    pub(super) settings: Arc<Settings>,
    events: mpsc::Sender<Event>,
}

impl Base {
    pub(super) fn new(
        installation: &Installation,
        settings: Settings,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let installation = Arc::new(installation.clone());
        Self { installation, settings: Arc::new(settings), events }
    }

    /// Starts the thread; it takes jobs until the sender is dropped or its worker fails.
    pub(super) fn start(&self, lane: usize, plugin: &Arc<Plugin>) -> mpsc::Sender<Job> {
        let (jobs, queue) = mpsc::channel();
        let (installation, settings) = (Arc::clone(&self.installation), Arc::clone(&self.settings));
        let (plugin, events) = (Arc::clone(plugin), self.events.clone());
        std::thread::spawn(move || lead(lane, &plugin, &installation, &settings, &queue, &events));
        jobs
    }
}

fn lead(
    lane: usize,
    plugin: &Plugin,
    installation: &Installation,
    settings: &Settings,
    queue: &mpsc::Receiver<Job>,
    events: &mpsc::Sender<Event>,
) {
    let began = Instant::now();
    let mut worker = Worker::start(installation, plugin, settings, LOAD_PATIENCE);
    let mut loading = began.elapsed();
    let mut spent = (0, Duration::ZERO);
    for Job { round, batch } in queue {
        let began = Instant::now();
        let call = Call {
            stage: batch.stage,
            subjects: &batch.subjects,
            consoles: &batch.consoles,
            guest_agents: &batch.guest_agents,
            links: &batch.links,
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
        let event = Event { lane, round, stage: batch.stage, facts, elapsed, end };
        if events.send(event).is_err() || over {
            return;
        }
    }
}

/// The outcome of a library that may not be loaded.
pub(crate) fn refused(path: &Path, refusal: &Refusal) -> Outcome {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    Outcome {
        id: vmkit_types::escaped(&name),
        version: None,
        status: refusal.status(),
        message: Some(vmkit_types::escaped(&refusal.in_full())),
        elapsed: None,
    }
}
