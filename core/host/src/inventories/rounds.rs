//! The inventories of a run, asked once or again and again.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use vmkit_model::{Listing, PluginOutcome, Problem};
use vmkit_platform::Process;
use vmkit_types::Reading;
use vmkit_wire::PluginKind;

use super::{
    lane::{Base, Event, Job, Lane},
    presence,
};
use crate::{
    Found, Incident, Installation, Origin, Plugin, RunSettings,
    files::{Reader, home_of},
    processes::Seen,
    run::load_patience,
    worker::End,
};

/// How often a plugin may fail in a run of many rounds before it is no longer started.
const MOST_FAILURES: u32 = 3;
/// How long a call may take beyond loading and its deadline: its grace, and a busy computer.
const GRACE: Duration = Duration::from_secs(1);

/// What the inventories list in one round.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The machines of each manager whose inventory answered, in the order of finding.
    pub listings: Vec<Listing>,
    /// How each inventory that was asked fared. One that failed has no listing: its machines are unknown.
    pub outcomes: Vec<PluginOutcome>,
    /// The inventories that were not asked, since nothing of their managers is on this computer.
    pub absent: Vec<PluginOutcome>,
    /// Machines that cannot be used, and what an inventory was not shown.
    pub problems: Vec<Problem>,
}

/// The inventories of a run. The workers of those whose files are here start at once, so that they load
/// while other things are read, and stay warm for further rounds.
pub struct Inventories {
    lanes: Vec<Lane>,
    base: Arc<Base>,
    sender: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
    round: u32,
    incidents: Vec<Incident>,
}

impl Inventories {
    /// Starts a worker for each inventory that has files here. A replay has none.
    pub fn start<'f>(
        found: impl IntoIterator<Item = &'f Found>,
        installation: &Installation,
        settings: RunSettings,
    ) -> Self {
        let is_replay = settings.snapshot.is_replayed();
        let plugins = found.into_iter().filter_map(|found| found.plugin.as_ref().ok());
        let is_asked = |plugin: &&Arc<Plugin>| {
            let manifest = &plugin.manifest;
            !is_replay && manifest.is(PluginKind::Inventory) && !manifest.snapshot_only
        };
        let lanes = plugins.filter(is_asked).map(|plugin| Lane::of(Arc::clone(plugin))).collect();
        let home = home_of(installation.account, settings.home.as_deref());
        let base = Arc::new(Base { installation: installation.clone(), settings, home });
        let (sender, events) = mpsc::channel();
        let (round, incidents) = (0, Vec::new());
        let mut inventories = Self { lanes, base, sender, events, round, incidents };
        inventories.start_present(None);
        inventories
    }

    /// Asks all inventories whose managers are on this computer, and waits for them, each with its own
    /// deadline. `processes`: those of this computer. An inventory sees those that its manifest names.
    ///
    /// Workers that ended in an earlier round are started again, unless they failed three times.
    pub fn list(&mut self, processes: &Reading<Vec<Process>>) -> Listed {
        // Calls of the last round that nobody waited for may have ended a worker since.
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        self.round += 1;
        self.lanes.iter_mut().for_each(Lane::begin_round);
        let needs: Vec<_> =
            self.lanes.iter().map(|lane| lane.plugin.manifest.needs_here()).collect();
        let seen = Arc::new(Seen::of(processes, &needs, &vmkit_platform::current()));
        self.start_present(Some(&seen));
        for lane in &mut self.lanes {
            lane.ask(Job { round: self.round, seen: Arc::clone(&seen) });
        }
        self.collect();
        self.listed()
    }

    /// The crashes and floods since the last call.
    pub fn take_incidents(&mut self) -> Vec<Incident> {
        std::mem::take(&mut self.incidents)
    }

    /// Starts the workers that do not run and whose managers are here.
    fn start_present(&mut self, seen: Option<&Seen>) {
        let may_start = |lane: &Lane| lane.jobs.is_none() && lane.failures < MOST_FAILURES;
        let waiting = self.lanes.iter().filter(|lane| may_start(lane));
        let manifests: Vec<_> = waiting.map(|lane| &lane.plugin.manifest).collect();
        if manifests.is_empty() {
            return;
        }
        let account = self.base.installation.account;
        let reader = Reader { account, home: self.base.home.as_deref(), broker: None };
        let present = presence::of_each(&manifests, reader, seen);
        let lanes = self.lanes.iter_mut().enumerate().filter(|(_, lane)| may_start(lane));
        for ((index, lane), is_present) in lanes.zip(present) {
            if is_present {
                lane.start(index, &self.base, &self.sender);
            }
        }
    }

    /// Takes events until no call is pending. Loading, the call and its grace are each bounded in the lane:
    /// this bounds only their sum, should a lane itself fail.
    fn collect(&mut self) {
        let settings = &self.base.settings;
        let deadline = Instant::now() + load_patience(settings) + settings.call_deadline + GRACE;
        while self.lanes.iter().any(|lane| lane.is_pending) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(event) = self.events.recv_timeout(left) else { break };
            self.take(event);
        }
        for lane in self.lanes.iter_mut().filter(|lane| lane.is_pending) {
            self.incidents.extend(lane.end(End::overdue()));
        }
    }

    fn take(&mut self, event: Event) {
        let lane = &mut self.lanes[event.lane];
        // A worker that was given up may end after another has taken its place.
        if event.generation != lane.generation {
            return;
        }
        if event.round == self.round {
            self.incidents.extend(lane.take(event));
        } else if let Err(end) = event.listed {
            self.incidents.extend(lane.end(end));
        }
    }

    fn listed(&mut self) -> Listed {
        let mut listed = Listed::default();
        for lane in &mut self.lanes {
            let outcome = lane.outcome.clone();
            if lane.was_asked() {
                listed.outcomes.push(outcome);
            } else {
                listed.absent.push(outcome);
            }
            let Some(checked) = lane.checked.take() else { continue };
            let path = &lane.plugin.path;
            let problem = |what: &String| Problem::warning(path, what.clone());
            listed.problems.extend(checked.problems.iter().map(problem));
            let manager = lane.plugin.manifest.id.as_str().into();
            listed.listings.push(Listing {
                manager,
                bundled: lane.plugin.origin == Origin::Bundled,
                machines: checked.machines,
                unproven: checked.unproven,
            });
        }
        listed
    }
}
