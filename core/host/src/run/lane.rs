//! The thread that leads one worker through its run.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use vmkit_wire::WireSubject;

use super::{Outcome, Settings};
use crate::{
    Installation, Plugin, Refusal,
    worker::{Call, End, Received, Worker},
};

/// How long starting a worker and loading may take. Measured at 3 ms; the rest is for a loaded
/// machine and a cold disk.
const LOAD_PATIENCE: Duration = Duration::from_secs(1);

/// What the plugins of one stage are asked.
pub(super) struct Batch {
    pub(super) stage: &'static str,
    pub(super) subjects: Vec<WireSubject>,
    pub(super) consoles: Vec<Option<PathBuf>>,
}

/// One call to make.
pub(super) struct Job(pub(super) Arc<Batch>);

/// How one call ended.
pub(super) struct Event {
    pub(super) lane: usize,
    pub(super) stage: &'static str,
    pub(super) facts: Vec<Received>,
    /// Time that the worker has spent so far.
    pub(super) elapsed: Duration,
    /// Why the worker takes no further call.
    pub(super) end: Option<End>,
}

/// Starts the thread; it takes jobs until the sender is dropped or its worker fails.
pub(super) fn start(
    lane: usize,
    plugin: Plugin,
    installation: &Arc<Installation>,
    settings: &Arc<Settings>,
    events: &mpsc::Sender<Event>,
) -> mpsc::Sender<Job> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let installation = Arc::clone(installation);
    let settings = Arc::clone(settings);
    let events = events.clone();
    std::thread::spawn(move || {
        let began = Instant::now();
        let worker = Worker::start(&installation, &plugin, &settings, LOAD_PATIENCE);
        let mut elapsed = began.elapsed();
        let mut worker = worker;
        for Job(batch) in queue {
            let began = Instant::now();
            let call = Call {
                stage: batch.stage,
                subjects: &batch.subjects,
                consoles: &batch.consoles,
                snapshot: &settings.snapshot,
                budget: settings.call_deadline,
            };
            let (facts, outcome) = match &mut worker {
                Ok(worker) => worker.observe(&plugin, &call),
                Err(end) => (Vec::new(), Err(end.clone())),
            };
            elapsed += began.elapsed();
            let end = outcome.err();
            let over = end.is_some();
            let event = Event { lane, stage: batch.stage, facts, elapsed, end };
            if events.send(event).is_err() || over {
                return;
            }
        }
    });
    jobs
}

/// The outcome of a library that may not be loaded.
pub(super) fn refused(path: &Path, refusal: &Refusal) -> Outcome {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    Outcome {
        id: vmkit_types::escaped(&name),
        version: None,
        status: refusal.status(),
        message: Some(vmkit_types::escaped(&refusal.in_full())),
        elapsed: None,
    }
}
