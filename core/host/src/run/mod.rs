//! Asks all signal plugins at once, each in a worker of its own, in two stages.

mod batch;
mod lane;
mod link;
mod question;

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use vmkit_model::{Evidence, PluginOutcome, PluginStatus};
use vmkit_proxy::arp::Link;
use vmkit_types::{HostNetwork, Stage};

use crate::{
    Found, Installation, RunSettings,
    worker::{End, Received},
};
use batch::Batch;
pub(crate) use batch::wire_subject;
pub use lane::Incident;
use lane::{Event, Job, Lane};
pub(crate) use lane::{load_patience, refused};
pub use question::{Addresses, Holder, Purpose, Target, Wait};

/// How long the confirming stage waits for the discovering one; three tenths of what a call may take,
/// where that is longer. The built-in signals need milliseconds; a plugin that takes longer keeps its
/// own deadline, but the probes of everything else do not wait for it.
const DISCOVER_PATIENCE: Duration = Duration::from_millis(300);

/// How often a plugin may fail in a run of many rounds before it is no longer started.
const MOST_FAILURES: u32 = 3;

/// What a run has found so far in its round.
#[derive(Clone, Debug)]
pub struct Observed {
    /// All facts, by stage, then by plugin, then in the order of their report. Their `vm` is an index
    /// into the targets.
    pub evidence: Vec<Evidence>,
    /// One entry for each signal plugin that was found, in the order of finding.
    pub outcomes: Vec<PluginOutcome>,
}

/// A run under way. The workers start at once, so that they load while the inventory is read.
pub struct Run {
    lanes: Vec<Lane>,
    events: mpsc::Receiver<Event>,
    targets: Vec<Target>,
    links: Vec<Link>,
    /// Probed addresses not yet passed to the `after_probes` plugins.
    probed: Addresses,
    round: u32,
    /// Crashes and floods that nobody has asked for yet.
    incidents: Vec<Incident>,
    base: lane::Base,
}

impl Run {
    /// Starts a worker for every plugin of this mode.
    pub fn start(found: Vec<Found>, installation: &Installation, settings: RunSettings) -> Self {
        let (sender, events) = mpsc::channel();
        let base = lane::Base::new(installation, settings, sender);
        let mut lanes = Vec::new();
        for Found { path, plugin, .. } in found {
            let lane = match plugin {
                Ok(plugin) => Lane::of(plugin, lanes.len(), &base),
                Err(refusal) => Some(Lane::idle(refused(&path, &refusal, installation))),
            };
            lanes.extend(lane);
        }
        let (targets, links, probed) = (Vec::new(), Vec::new(), Addresses::new());
        Self { lanes, events, targets, links, probed, round: 0, incidents: Vec::new(), base }
    }

    /// Begins a round: asks every discovering plugin about these machines, and returns the facts that
    /// came in time for the next stage. Plugins that wait for others on the network are not waited
    /// for. `network` has the links on which candidates are asked for by ARP.
    ///
    /// Workers that ended in an earlier round are started again, unless they failed three times.
    pub fn discover(
        &mut self,
        targets: Vec<Target>,
        network: Option<&HostNetwork>,
    ) -> Vec<Evidence> {
        self.begin_round();
        self.targets = targets;
        self.links = network.map_or_else(Vec::new, link::links);
        if !self.targets.is_empty() {
            let batch = self.batch(Stage::Discover, &Addresses::new());
            self.ask(&batch, |lane| !lane.only_in_doubt());
        }
        let allowed = self.base.settings.call_deadline;
        let patience = DISCOVER_PATIENCE.max(allowed * 3 / 10).min(allowed);
        self.collect(Instant::now() + patience, |lane| !lane.is_slow());
        self.evidence()
    }

    /// Whether [`discover`](Self::discover) asks the agents of guests.
    pub fn asks_guest_agents(&self) -> bool {
        self.lanes.iter().any(Lane::asks_guest_agents)
    }

    fn begin_round(&mut self) {
        // Calls of the last round that nobody waited for may have ended a worker since.
        self.take_pending_events();
        self.round += 1;
        self.probed.clear();
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            lane.begin_round();
            let Some(plugin) = lane.plugin.clone().filter(|_| lane.jobs.is_none()) else {
                continue;
            };
            if lane.failures < MOST_FAILURES {
                if !plugin.manifest.only_in_doubt {
                    self.base.start(index, lane, &plugin);
                }
                lane.outcome.status = PluginStatus::Ok;
                lane.outcome.message = None;
            }
        }
    }

    /// Asks the plugins of this purpose about these addresses, without waiting. Plugins marked
    /// `after_probes` follow while the others are settled.
    pub fn confirm(&mut self, purpose: Purpose, addresses: &Addresses) {
        if addresses.values().all(Vec::is_empty) {
            return;
        }
        match purpose {
            Purpose::Reach => {
                let batch = self.batch(Stage::Confirm, addresses);
                self.ask(&batch, |lane| !lane.only_in_doubt() && !lane.after_probes());
                for (machine, addresses) in addresses {
                    self.probed.entry(machine.clone()).or_default().extend(addresses);
                }
            }
            Purpose::Doubt => {
                self.ask_in_doubt(addresses, |lane| !lane.compares_host_keys());
            }
            Purpose::HostKeys(mut known) => {
                for target in &mut self.targets {
                    target.subject.known_host_keys = known.remove(&target.id).unwrap_or_default();
                }
                self.ask_in_doubt(addresses, Lane::compares_host_keys);
            }
        }
    }

    /// Starts the `only_in_doubt` workers that have not run yet, and asks them.
    fn ask_in_doubt(&mut self, addresses: &Addresses, is_asked: impl Fn(&Lane) -> bool) {
        let is_asked = |lane: &Lane| lane.only_in_doubt() && is_asked(lane);
        for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| is_asked(lane)) {
            let ended = lane.jobs.is_some() || lane.outcome.status != PluginStatus::Ok;
            if let Some(plugin) = lane.plugin.clone().filter(|_| !ended) {
                self.base.start(index, lane, &plugin);
            }
        }
        let batch = self.batch(Stage::Confirm, addresses);
        self.ask(&batch, is_asked);
    }

    /// Whether a plugin can be asked to compare host keys.
    pub fn can_compare_host_keys(&self) -> bool {
        let mut in_doubt = self.lanes.iter().filter(|lane| lane.only_in_doubt());
        in_doubt.any(|lane| lane.compares_host_keys() && lane.outcome.status == PluginStatus::Ok)
    }

    /// Waits for these plugins, each with its own deadline; returns all that was found in this
    /// round so far. Workers stay warm for another round.
    pub fn settle(&mut self, wait: Wait) -> Observed {
        let waited_for = |lane: &Lane| wait == Wait::All || !lane.is_slow();
        let patience = self.patience();
        self.collect(patience, waited_for);
        self.ask_after_probes();
        for lane in self.lanes.iter_mut().filter(|lane| lane.pending > 0 && waited_for(lane)) {
            lane.end(End::overdue());
        }
        let has_targets = !self.targets.is_empty();
        let outcomes = self.lanes.iter().map(|lane| lane.outcome_after(wait, has_targets));
        Observed { evidence: self.evidence(), outcomes: outcomes.collect() }
    }

    /// Re-queries the `after_probes` plugins for addresses probed since their last call, and waits.
    fn ask_after_probes(&mut self) {
        let probed = std::mem::take(&mut self.probed);
        if !probed.is_empty() {
            let batch = self.batch(Stage::Confirm, &probed);
            self.ask(&batch, Lane::after_probes);
            self.collect(self.patience(), Lane::after_probes);
        }
    }

    /// Loading, two calls and their grace, each bounded in the lane: this bounds only their sum,
    /// should a lane itself fail.
    fn patience(&self) -> Instant {
        Instant::now() + 5 * self.base.settings.call_deadline + Duration::from_secs(3)
    }

    fn batch(&self, stage: Stage, candidates: &Addresses) -> Arc<Batch> {
        Arc::new(Batch::new(stage, &self.targets, candidates, &self.links))
    }

    fn ask(&mut self, batch: &Arc<Batch>, is_asked: impl Fn(&Lane) -> bool) {
        let mut some_have_ended = false;
        for lane in self.lanes.iter_mut().filter(|lane| is_asked(lane)) {
            let Some(jobs) = lane.jobs.as_ref().filter(|_| lane.takes_part_in(batch.stage)) else {
                continue;
            };
            if jobs.send(Job { round: self.round, batch: Arc::clone(batch) }).is_ok() {
                lane.pending += 1;
                lane.asked = true;
            } else {
                some_have_ended = true;
            }
        }
        // A thread that takes no more jobs has sent why its worker ended.
        if some_have_ended {
            self.take_pending_events();
        }
    }

    /// Takes events until no call of the lanes that are waited for is pending, or `patience` has run
    /// out.
    fn collect(&mut self, patience: Instant, waited_for: impl Fn(&Lane) -> bool) {
        while self.lanes.iter().any(|lane| lane.pending > 0 && waited_for(lane)) {
            let left = patience.saturating_duration_since(Instant::now());
            let Ok(event) = self.events.recv_timeout(left) else { return };
            self.take(event);
        }
    }

    fn take_pending_events(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
    }

    fn take(&mut self, event: Event) {
        let lane = &mut self.lanes[event.lane];
        // The facts of an earlier round that nobody waited for are out of date.
        if event.round == self.round {
            lane.outcome.elapsed = Some(event.elapsed);
            if let Some(what) = event.unconfined {
                lane.outcome.message = Some(format!("runs unconfined: {what}"));
            }
            match event.stage {
                Stage::Discover => lane.discovered.extend(shared(event.facts)),
                Stage::Confirm => lane.confirmed.extend(shared(event.facts)),
            }
            lane.pending = lane.pending.saturating_sub(1);
        }
        // A worker that was given up may end after another has taken its place.
        if let Some(end) = event.end.filter(|_| event.generation == lane.generation) {
            self.incidents.extend(lane.end(end));
        }
    }

    /// The crashes and floods since the last call.
    pub fn take_incidents(&mut self) -> Vec<Incident> {
        std::mem::take(&mut self.incidents)
    }

    fn evidence(&self) -> Vec<Evidence> {
        let discovered = self.lanes.iter().flat_map(|lane| lane.facts(&lane.discovered));
        let confirmed = self.lanes.iter().flat_map(|lane| lane.facts(&lane.confirmed));
        discovered
            .chain(confirmed)
            .zip(0..)
            .map(|((plugin, (received_at, observation)), id)| Evidence {
                id,
                plugin: Arc::clone(plugin),
                received_at: *received_at,
                observation: Arc::clone(observation),
            })
            .collect()
    }
}

/// Puts each observation behind a pointer that ledgers share.
fn shared(received: Vec<Received>) -> impl Iterator<Item = lane::Fact> {
    received.into_iter().map(|(at, observation)| (at, Arc::new(observation)))
}
