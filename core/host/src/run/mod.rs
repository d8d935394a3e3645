//! One run: every plugin in a worker of its own, all at once, in two stages.

mod batch;
mod lane;
mod link;

use std::{
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use vmkit_model::{Evidence, Mode, PluginOutcome, PluginStatus};
use vmkit_types::{HostNetwork, KnownKey, Link, Stage, Subject};
use vmkit_wire::PluginKind;

use crate::{Found, Installation, Snapshot, worker::Received};
use batch::Batch;
use lane::{Event, Job, Lane};
pub(crate) use lane::{load_patience, refused};

/// How long the confirming stage waits for the discovering one; three tenths of what a call may take,
/// where that is longer. The built-in signals need milliseconds; a plugin that takes longer keeps its
/// own deadline, but the probes of everything else do not wait for it.
const DISCOVER_PATIENCE: Duration = Duration::from_millis(300);

/// How often a plugin may fail in a run of many rounds before it is left alone.
const MOST_FAILURES: u32 = 3;

/// What a run goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which plugins take part.
    pub mode: Mode,
    /// How long one call of a plugin may take.
    pub call_deadline: Duration,
    /// The least severe level of plugins' log lines that is wanted, 1 (error) to 5 (trace).
    pub log_level: u32,
    /// Configurations by id of the plugin: JSON objects, as text.
    pub configurations: HashMap<String, String>,
    /// Where the signals look.
    pub snapshot: Snapshot,
}

/// One machine to ask about.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// What plugins are told of it.
    pub subject: Subject,
    /// Its console log, opened for plugins that declare it.
    pub console: Option<PathBuf>,
    /// The socket of its guest agent, connected to for plugins that declare it.
    pub guest_agent: Option<PathBuf>,
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Observed {
    /// All facts, by stage, then by plugin, then in the order of their report.
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
    /// What has been asked and is not yet told of to the plugins that look after the probes.
    probed: Vec<Vec<IpAddr>>,
    round: u32,
    base: lane::Base,
}

impl Run {
    /// Starts a worker for every plugin of this mode.
    pub fn start(found: Vec<Found>, installation: &Installation, settings: Settings) -> Self {
        let (sender, events) = mpsc::channel();
        let base = lane::Base::new(installation, settings, sender);
        let mut lanes = Vec::new();
        for Found { path, plugin } in found {
            let plugin = match plugin {
                Ok(plugin) => plugin,
                Err(refusal) => {
                    lanes.push(Lane::idle(lane::refused(&path, &refusal, installation)));
                    continue;
                }
            };
            let manifest = &plugin.manifest;
            let replays = base.settings.snapshot.is_replayed();
            let is_signal = manifest.is(PluginKind::Signal);
            if !is_signal || (manifest.snapshot_only && !replays) {
                continue;
            }
            let mut lane = Lane::idle(PluginOutcome {
                id: manifest.id.clone(),
                version: Some(manifest.version.clone()),
                status: PluginStatus::Ok,
                message: None,
                hint: None,
                elapsed: None,
                names_addresses: Some(manifest.takes_part_in(Stage::Discover)),
            });
            if manifest.modes.contains(&base.settings.mode) {
                let plugin = Arc::new(plugin);
                if !plugin.manifest.only_in_doubt {
                    lane.jobs = Some(base.start(lanes.len(), &plugin));
                }
                lane.plugin = Some(plugin);
            } else {
                lane.outcome.status = PluginStatus::Skipped;
                lane.outcome.message = Some("not part of this mode".to_owned());
            }
            lanes.push(lane);
        }
        let (targets, links, probed) = (Vec::new(), Vec::new(), Vec::new());
        Self { lanes, events, targets, links, probed, round: 0, base }
    }

    /// Tells the network of this computer, on whose links plugins may be given sockets.
    pub fn set_network(&mut self, network: Option<&HostNetwork>) {
        self.links = network.map_or_else(Vec::new, link::links);
    }

    /// Starts the workers that have ended once more, for another round. A plugin that failed three
    /// times in this run stays ended.
    pub fn revive(&mut self) {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let Some(plugin) = lane.plugin.as_ref().filter(|_| lane.jobs.is_none()) else {
                continue;
            };
            if lane.failures < MOST_FAILURES {
                if !plugin.manifest.only_in_doubt {
                    lane.jobs = Some(self.base.start(index, plugin));
                }
                lane.outcome.status = PluginStatus::Ok;
                lane.outcome.message = None;
            }
        }
    }

    /// Asks every discovering plugin about these machines; returns the facts that came in time for
    /// the next stage. Those that wait for others on the network are not waited for.
    pub fn discover(&mut self, targets: Vec<Target>) -> Vec<Evidence> {
        self.targets = targets;
        self.probed.clear();
        let batch = self.batch(Stage::Discover, &[]);
        if !batch.subjects.is_empty() {
            self.ask(&batch, |lane| !lane.only_in_doubt());
        }
        let allowed = self.base.settings.call_deadline;
        let patience = DISCOVER_PATIENCE.max(allowed * 3 / 10).min(allowed);
        let patience = Instant::now() + patience;
        self.collect(patience, |lane| !lane.is_slow());
        self.evidence()
    }

    /// Asks every confirming plugin about these addresses, by machine. Does not wait. Those that
    /// look after the probes are asked while the others are settled.
    pub fn confirm(&mut self, candidates: &[Vec<IpAddr>]) {
        if candidates.iter().any(|candidates| !candidates.is_empty()) {
            let batch = self.batch(Stage::Confirm, candidates);
            self.ask(&batch, |lane| !lane.only_in_doubt() && !lane.after_probes());
            self.probed.resize(self.probed.len().max(candidates.len()), Vec::new());
            for (probed, candidates) in self.probed.iter_mut().zip(candidates) {
                probed.extend_from_slice(candidates);
            }
        }
    }

    /// Asks the plugins that are kept for doubt about these addresses, by machine, but for those that
    /// compare host keys; their workers are started for it. Does not wait.
    pub fn confirm_in_doubt(&mut self, candidates: &[Vec<IpAddr>]) {
        self.ask_kept(candidates, |lane| lane.only_in_doubt() && !lane.compares_host_keys());
    }

    fn ask_kept(&mut self, candidates: &[Vec<IpAddr>], whom: impl Fn(&Lane) -> bool) {
        if candidates.iter().all(Vec::is_empty) {
            return;
        }
        for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| whom(lane)) {
            let ended = lane.jobs.is_some() || lane.outcome.status != PluginStatus::Ok;
            if let Some(plugin) = lane.plugin.as_ref().filter(|_| !ended) {
                lane.jobs = Some(self.base.start(index, plugin));
            }
        }
        let batch = self.batch(Stage::Confirm, candidates);
        self.ask(&batch, whom);
    }

    /// Whether there is a plugin to be asked by [`Self::confirm_host_keys`].
    pub fn can_compare_host_keys(&self) -> bool {
        let mut kept = self.lanes.iter().filter(|lane| lane.only_in_doubt());
        kept.any(|lane| lane.compares_host_keys() && lane.outcome.status == PluginStatus::Ok)
    }

    /// Asks the plugins that are kept for doubt and compare SSH host keys about these addresses, by
    /// machine; `known` are the keys that each is known by. Does not wait.
    pub fn confirm_host_keys(&mut self, candidates: &[Vec<IpAddr>], known: Vec<Vec<KnownKey>>) {
        for (target, known) in self.targets.iter_mut().zip(known) {
            target.subject.known_host_keys = known;
        }
        self.ask_kept(candidates, |lane| lane.only_in_doubt() && lane.compares_host_keys());
    }

    /// Waits for all plugins but those that discover over the network; returns all facts so far.
    pub fn settle_quick(&mut self) -> Vec<Evidence> {
        let patience = self.patience();
        self.collect(patience, |lane| !lane.is_slow());
        self.look_again();
        self.evidence()
    }

    /// Asks the plugins that look after the probes about all that has been asked since they did
    /// last, and waits for them.
    fn look_again(&mut self) {
        let probed = std::mem::take(&mut self.probed);
        if probed.iter().any(|probed| !probed.is_empty()) {
            let batch = self.batch(Stage::Confirm, &probed);
            self.ask(&batch, Lane::after_probes);
            self.collect(self.patience(), Lane::after_probes);
        }
    }

    /// Waits for the rest of the plugins; returns all facts so far.
    pub fn settle_slow(&mut self) -> Vec<Evidence> {
        let patience = self.patience();
        self.collect(patience, |_| true);
        self.evidence()
    }

    /// Leaves the plugins that are still at work to themselves, and those that are kept for doubt
    /// unasked: the answer is clear without them.
    pub fn leave_slow(&mut self) {
        let left = |lane: &&mut Lane| {
            let kept =
                lane.only_in_doubt() && !lane.asked && lane.outcome.status == PluginStatus::Ok;
            kept || (lane.is_slow() && lane.pending > 0)
        };
        for lane in self.lanes.iter_mut().filter(left) {
            lane.pending = 0;
            lane.outcome.status = PluginStatus::Skipped;
            lane.outcome.message = Some("every address was clear without it".to_owned());
        }
    }

    /// Loading, two calls and their grace, each bounded in the lane: this is only the bound of
    /// their sum, should a lane itself fail.
    fn patience(&self) -> Instant {
        Instant::now() + 5 * self.base.settings.call_deadline + Duration::from_secs(3)
    }

    /// Waits for all plugins and ends their workers.
    pub fn finish(mut self) -> Observed {
        self.settle()
    }

    /// Waits for all plugins, each of which has its own deadline. Their workers stay warm for
    /// another round.
    pub fn settle(&mut self) -> Observed {
        let patience = self.patience();
        self.collect(patience, |_| true);
        self.look_again();
        for lane in &mut self.lanes {
            if lane.pending > 0 {
                lane.end(PluginStatus::Timeout, "it did not end; given up".to_owned());
            }
            let untouched = lane.outcome.status == PluginStatus::Ok && !lane.asked;
            if untouched {
                lane.outcome.status = PluginStatus::Skipped;
                lane.outcome.message = Some(if self.targets.is_empty() {
                    "no running machine to ask about".to_owned()
                } else {
                    "no candidate address to ask about".to_owned()
                });
            }
        }
        let evidence = self.evidence();
        let outcomes = self.lanes.iter().map(|lane| lane.outcome.clone()).collect();
        self.round += 1;
        self.lanes.iter_mut().for_each(Lane::begin_round);
        Observed { evidence, outcomes }
    }

    fn batch(&self, stage: Stage, candidates: &[Vec<IpAddr>]) -> Arc<Batch> {
        Arc::new(Batch::new(stage, &self.targets, candidates, &self.links))
    }

    fn ask(&mut self, batch: &Arc<Batch>, whom: impl Fn(&Lane) -> bool) {
        for lane in self.lanes.iter_mut().filter(|lane| whom(lane)) {
            let Some(jobs) = lane.jobs.as_ref().filter(|_| lane.takes_part_in(batch.stage)) else {
                continue;
            };
            // A lane whose worker has ended takes no more jobs; its outcome says why.
            if jobs.send(Job { round: self.round, batch: Arc::clone(batch) }).is_ok() {
                lane.pending += 1;
                lane.asked = true;
            }
        }
    }

    /// Takes events until no call of the lanes that are waited for is pending, or `patience` has run
    /// out.
    fn collect(&mut self, patience: Instant, waited_for: impl Fn(&Lane) -> bool) {
        while self.lanes.iter().any(|lane| lane.pending > 0 && waited_for(lane)) {
            let left = patience.saturating_duration_since(Instant::now());
            let Ok(event) = self.events.recv_timeout(left) else { return };
            // A call of an earlier round that was given up says nothing of this one.
            if event.round != self.round {
                continue;
            }
            let lane = &mut self.lanes[event.lane];
            lane.outcome.elapsed = Some(event.elapsed);
            match event.stage {
                Stage::Discover => lane.discovered.extend(shared(event.facts)),
                Stage::Confirm => lane.confirmed.extend(shared(event.facts)),
            }
            lane.pending = lane.pending.saturating_sub(1);
            if let Some(end) = event.end {
                lane.end(end.status, end.message);
            }
        }
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

/// Each observation once, however many ledgers it will stand in.
fn shared(received: Vec<Received>) -> impl Iterator<Item = lane::Fact> {
    received.into_iter().map(|(at, observation)| (at, Arc::new(observation)))
}
