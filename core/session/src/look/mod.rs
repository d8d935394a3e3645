//! One look at the machines: a row of stages, each taking the value of the one before.

mod clarity;
mod endpoints;
mod local_network;
mod pause;
mod ports;
mod running;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::PathBuf,
    time::Instant,
};

use vmkit_host::{Addresses, Observed, Purpose, Run, Wait};
use vmkit_inventory::Monitors;
use vmkit_model::{Evidence, Machine, MachineId, PluginOutcome};
use vmkit_scoring::{Lack, Pick, Weights};
use vmkit_snapshot::Record;

use crate::{
    Error, Scene, Selection, Settings,
    host_keys::Keys,
    managers::Managers,
    unchecked::{self, Commands},
};
use clarity::Clarity;
use endpoints::AskedEndpoints;
use running::{Picks, Running};

/// Looks at machines, once or again and again with the same workers.
pub struct Session {
    pub(crate) settings: Settings,
    pub(crate) run: Run,
    /// The snapshot that is looked at.
    pub(crate) record: Option<(PathBuf, Record)>,
    /// Whether the `only_in_doubt` signals are asked about every candidate.
    pub(crate) thorough: bool,
    pub(crate) managers: Managers,
    /// Nothing is to be sent.
    pub(crate) silent: bool,
    /// Signals that are not asked because they can send.
    pub(crate) silenced: Vec<PluginOutcome>,
    pub(crate) keys: Keys,
    pub(crate) weights: Weights,
    /// The addresses of the last look of [`Session::follow`].
    pub(crate) shown: BTreeMap<MachineId, IpAddr>,
}

/// What one look found.
#[derive(Debug)]
pub struct Look {
    /// The machines and the network around them.
    pub scene: Scene,
    /// The pick of each machine.
    pub picks: BTreeMap<MachineId, Pick>,
    /// All evidence. Its `vm` is an index into the machines that have a process.
    pub evidence: Vec<Evidence>,
    /// How each plugin's part went.
    pub outcomes: Vec<PluginOutcome>,
    /// The places of each machine's evidence in the list.
    of_machine: BTreeMap<MachineId, Vec<usize>>,
}

/// A machine with its pick.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// Its pick.
    pub pick: &'a Pick,
}

impl Look {
    /// The machines that are wanted, each with its pick.
    ///
    /// # Errors
    /// A name that no machine has.
    pub fn rows(&self, selection: &Selection) -> Result<Vec<Row<'_>>, Error> {
        let machines = selection.of(&self.scene)?.into_iter();
        let row = |machine: &'_ Machine| self.picks.get(&machine.id());
        Ok(machines.filter_map(|machine| Some(Row { machine, pick: row(machine)? })).collect())
    }

    /// Whether it saw the list of machines, the network, and an answer of a plugin that finds
    /// addresses. What another look did not find must not count as gone.
    fn is_conclusive(&self) -> bool {
        let blind =
            unchecked::worst(self.picks.values()).is_some_and(|worst| worst.lack == Lack::All);
        self.scene.require_complete().is_ok() && !blind
    }

    /// The evidence about one machine.
    pub fn evidence_of(&self, machine: &MachineId) -> impl Iterator<Item = &Evidence> {
        let places = self.of_machine.get(machine).into_iter().flatten();
        places.filter_map(|place| self.evidence.get(*place))
    }
}

impl Session {
    /// The weights that picks are made with.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Looks at all machines, and probes the addresses of those that are wanted; a thorough session probes
    /// those of the others, too.
    ///
    /// The signals are asked about all machines even when few are wanted: an address or a MAC that two
    /// machines share is noticed only then.
    ///
    /// # Errors
    /// No data directory can be named; a name that no machine has.
    pub fn look(&mut self, selection: &Selection) -> Result<Look, Error> {
        let stages = Stopwatch::start();
        let (mut scene, mut monitors) = self.scene()?;
        let running = Running::new(&scene, selection.ids(&scene)?, self.thorough);
        stages.passed("machines and network read");

        // Nobody waits for an agent where QEMU knows that the guest runs none.
        let asked = scene.machines.iter().filter(|_| self.run.asks_guest_agents());
        let with_agent = asked.filter(|machine| machine.guest_agent.is_some());
        let agents: BTreeSet<String> = with_agent.map(|machine| machine.name.clone()).collect();
        monitors.ask(|machine| agents.contains(machine)).update(&mut scene.machines);

        // QEMU answers while the signals discover.
        let early = self.thorough || running.wanted.len() <= pause::FEW;
        let asked = monitors.ask(|machine| early && running.wants(machine));
        let may_ask = self.record.is_none() && !self.silent;
        let endpoints = running.machines(&scene).filter(|machine| running.wants(&machine.name));
        let endpoints = AskedEndpoints::ask(endpoints.filter(|_| may_ask));
        let discovered = self.run.discover(running.targets(&scene), scene.network.as_ref());
        let discovered = running.with_managers(&scene, discovered);
        asked.update(&mut scene.machines);
        stages.passed("addresses discovered");

        let reached = self.reach(&scene, &running, discovered);
        stages.passed("addresses reached");
        let asked = monitors.ask(|machine| running.wants(machine) && !reached.answers(machine));
        let observed = self.resolve_doubt(&scene, &running, &reached);
        asked.update(&mut scene.machines);
        endpoints.update(&mut scene.machines);
        stages.passed("doubt resolved");

        let look = self.conclude(scene, running, reached, observed, &self.commands(selection));
        stages.passed("addresses picked");
        Ok(look)
    }

    /// Looks again, and keeps each address of the last look until another one is clearly likelier.
    ///
    /// # Errors
    /// As [`Session::look`].
    pub fn follow(&mut self, selection: &Selection) -> Result<Look, Error> {
        let mut look = self.look(selection)?;
        for (machine, pick) in &mut look.picks {
            pick.settle(self.shown.get(machine).copied(), &self.weights);
        }
        if look.is_conclusive() {
            self.shown = addresses(&look.picks);
        }
        Ok(look)
    }

    /// The machines, and the monitors that can be asked about them.
    fn scene(&mut self) -> Result<(Scene, Monitors), Error> {
        match &self.record {
            Some((directory, record)) => Ok((
                Scene::of_record(directory, record.clone(), &self.settings),
                Monitors::default(),
            )),
            None => Scene::without_monitors(&mut self.managers, &self.settings),
        }
    }

    /// Probes the candidates of the wanted machines.
    fn reach(&mut self, scene: &Scene, running: &Running, found: Vec<Evidence>) -> Reached {
        let mut picks = self.score(scene, running, &found);
        let mut evidence = found;
        let mut asked = Addresses::new();
        let mut open = running.to_probe(scene, &picks, &asked);
        // Twice: a signal on a busy computer may name an address after the wait for discovery, and
        // an address that nobody probed must not count as clear.
        for _ in 0..2 {
            self.run.confirm(Purpose::Reach, &open);
            add(&mut asked, &open);
            evidence = self.settle(Wait::Quick, scene, running).evidence;
            picks = self.score(scene, running, &evidence);
            open = running.to_probe(scene, &picks, &asked);
            if open.is_empty() {
                break;
            }
        }
        Reached { clarity: clarity(&picks, &self.weights), asked, evidence, picks }
    }

    /// Asks the signals that are for doubt, and waits for the slow ones where a wanted machine's
    /// address is not clear without them.
    fn resolve_doubt(&mut self, scene: &Scene, running: &Running, reached: &Reached) -> Observed {
        self.ask_in_doubt(scene, running, reached, &reached.asked);
        let mut wanted = running.wanted.iter().filter_map(|id| reached.clarity.get(id));
        // On a snapshot every signal is asked, so that each replay gives the same answer.
        if !self.thorough && wanted.all(|machine| machine.resolved) {
            return self.settle(Wait::Quick, scene, running);
        }
        let evidence = self.settle(Wait::All, scene, running).evidence;
        let picks = self.score(scene, running, &evidence);
        let late = running.to_probe(scene, &picks, &reached.asked);
        if !late.is_empty() {
            self.run.confirm(Purpose::Reach, &late);
            let evidence = self.settle(Wait::Quick, scene, running).evidence;
            let picks = self.score(scene, running, &evidence);
            let clarity = clarity(&picks, &self.weights);
            let reached = Reached { asked: late.clone(), evidence, picks, clarity };
            self.ask_in_doubt(scene, running, &reached, &late);
        }
        self.settle(Wait::All, scene, running)
    }

    fn settle(&mut self, wait: Wait, scene: &Scene, running: &Running) -> Observed {
        let Observed { mut evidence, outcomes } = self.run.settle(wait);
        local_network::mark_denied(&mut evidence, scene);
        local_network::forget_plausible_emptiness(&mut evidence, scene);
        Observed { evidence: running.with_managers(scene, evidence), outcomes }
    }

    /// Asks the `only_in_doubt` signals: about doubtful addresses, and about host keys.
    ///
    /// Not before the addresses were probed: the replies to these questions change the neighbour table.
    fn ask_in_doubt(
        &mut self,
        scene: &Scene,
        running: &Running,
        reached: &Reached,
        addresses: &Addresses,
    ) {
        let thorough = self.thorough;
        let in_doubt = |id: &MachineId| thorough || !reached.is_clear(id);
        let doubtful = addresses.iter().filter(|(id, _)| in_doubt(id));
        let doubtful = doubtful.map(|(id, addresses)| (id.clone(), addresses.clone())).collect();
        self.run.confirm(Purpose::Doubt, &doubtful);
        if !self.run.can_compare_host_keys() {
            return;
        }
        let standings = running.standings(scene, addresses, &reached.clarity);
        let chosen = self.keys.choose(&standings, &reached.evidence, thorough, scene.now());
        let known = self.keys.known(running.machines(scene), |id| chosen.contains_key(id));
        self.run.confirm(Purpose::HostKeys(known), &chosen);
    }

    /// Picks the addresses, and remembers the host keys that prove them.
    fn conclude(
        &mut self,
        mut scene: Scene,
        running: Running,
        reached: Reached,
        observed: Observed,
        commands: &Commands,
    ) -> Look {
        let Observed { mut evidence, mut outcomes } = observed;
        outcomes.extend(self.silenced.iter().cloned());
        outcomes.extend(scene.inventories().iter().cloned());
        let incidents = self.run.take_incidents();
        // A snapshot that somebody made on purpose cannot stop a plugin from running elsewhere.
        if self.record.is_none() {
            self.settings.count_incidents(&incidents);
        }
        let paused = running.paused(&scene);
        pause::forget_silence(&mut evidence, |vm| paused.contains(&vm));
        // Most looks end with the evidence that they were assessed by.
        let mut picks = if evidence == reached.evidence {
            reached.picks
        } else {
            self.score(&scene, &running, &evidence)
        };
        let mut known = self.keys.known(running.machines(&scene), |_| self.thorough);
        let learners = running.learners(&scene, &picks);
        self.keys.learn(&learners, &evidence, &self.weights, scene.now());
        ports::assign(scene.machines.iter_mut(), &evidence, scene.network.as_ref());
        for machine in &mut scene.machines {
            machine.known_host_keys = known.remove(&machine.id()).unwrap_or_default();
        }
        for machine in &scene.machines {
            let without = if machine.foreign { Pick::not_checked } else { Pick::not_running };
            picks.entry(machine.id()).or_insert_with(without);
        }
        // What a machine is reached at in place of an address does not depend on the search for one.
        let with_endpoints = scene.machines.iter().filter(|machine| !machine.endpoints.is_empty());
        let reached: BTreeSet<MachineId> = with_endpoints
            .filter(|machine| picks[&machine.id()].endpoint(machine).is_some())
            .map(Machine::id)
            .collect();
        let unclear = picks.iter_mut().filter(|(id, _)| !reached.contains(*id));
        unchecked::check(unclear.map(|(_, pick)| pick), &outcomes, commands);
        let of_machine = by_machine(&evidence, &running.into_ids());
        Look { scene, picks, evidence, outcomes, of_machine }
    }

    /// The commands that lead on from a look at these machines.
    fn commands(&self, selection: &Selection) -> Commands {
        let Settings { call_deadline, invoker, .. } = &self.settings;
        let record = self.record.as_ref().map(|(directory, _)| directory.as_path());
        Commands {
            place: self.settings.command_place(record),
            names: selection.names().to_vec(),
            call_deadline: *call_deadline,
            privileged: invoker.privileged,
        }
    }

    fn score(&self, scene: &Scene, running: &Running, evidence: &[Evidence]) -> Picks {
        running.score(scene, evidence, &self.weights)
    }
}

/// What is known once the candidates were probed.
struct Reached {
    /// The addresses that were probed.
    asked: Addresses,
    evidence: Vec<Evidence>,
    picks: Picks,
    clarity: BTreeMap<MachineId, Clarity>,
}

impl Reached {
    fn answers(&self, name: &str) -> bool {
        self.clarity.get(&MachineId::new(name)).is_some_and(|machine| machine.answers)
    }

    fn is_clear(&self, machine: &MachineId) -> bool {
        self.clarity.get(machine).is_some_and(|machine| machine.beyond_doubt)
    }
}

/// The places of each machine's evidence. `running`: the machines as the evidence numbers them.
fn by_machine(evidence: &[Evidence], running: &[MachineId]) -> BTreeMap<MachineId, Vec<usize>> {
    let mut places: BTreeMap<MachineId, Vec<usize>> = BTreeMap::new();
    for (place, item) in evidence.iter().enumerate() {
        if let Some(machine) = running.get(item.observation.vm) {
            places.entry(machine.clone()).or_default().push(place);
        }
    }
    places
}

fn clarity(picks: &Picks, weights: &Weights) -> BTreeMap<MachineId, Clarity> {
    picks.iter().map(|(id, pick)| (id.clone(), Clarity::of(pick, weights))).collect()
}

fn addresses(picks: &Picks) -> BTreeMap<MachineId, IpAddr> {
    picks.iter().filter_map(|(id, pick)| Some((id.clone(), pick.address?))).collect()
}

fn add(asked: &mut Addresses, more: &Addresses) {
    for (machine, addresses) in more {
        asked.entry(machine.clone()).or_default().extend(addresses);
    }
}

/// Logs when each stage is over.
struct Stopwatch(Instant);

impl Stopwatch {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn passed(&self, stage: &str) {
        tracing::debug!("{stage}: {:?}", self.0.elapsed());
    }
}
