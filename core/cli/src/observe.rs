//! The stages up to the evidence: the signals are asked twice, with a choice of addresses between.

use std::{
    net::IpAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use vmkit_host::{Found, Run, Settings, Target};
use vmkit_inventory::Monitors;
use vmkit_model::{Evidence, Machine, Mode, PluginOutcome, PluginStatus, Power};
use vmkit_scoring::{Case, Flag, Pick, Verdict, Weights, candidates_to_probe, score};
use vmkit_snapshot::Record;
use vmkit_types::{Kind, Stage, Subject, attribute::HOST_KEY};

pub(crate) use crate::scene::{Place, Scene, Source, capture, is_alive};
use crate::{
    context::Context,
    host_keys::{Keys, Standing},
    pause,
    scene::{record, snapshot},
};

/// What one call of a plugin may take on a record, at least: nobody waits on a network there, long
/// captures take a while on a busy computer, and a plugin that is given up changes the answer.
const OF_RECORD: Duration = Duration::from_secs(10);

/// What the signals said.
pub(crate) struct Observations {
    /// The machines that have a process, as scoring sees them.
    pub(crate) cases: Vec<Case>,
    /// All facts; their `vm` is an index into `cases`.
    pub(crate) evidence: Vec<Evidence>,
    /// How each plugin fared.
    pub(crate) outcomes: Vec<PluginOutcome>,
}

/// Looks at a place, once or again and again with the same workers.
pub(crate) struct Observer<'a> {
    run: Run,
    record: Option<(PathBuf, Record)>,
    /// Whether the signals that are kept for doubt are asked about every candidate.
    thorough: bool,
    /// Signals that were left out because they can send.
    silenced: Vec<PluginOutcome>,
    keys: Keys,
    weights: &'a Weights,
    context: &'a Context,
}

impl<'a> Observer<'a> {
    /// Starts the workers of this mode. They load while the machines are being read.
    pub(crate) fn start(
        place: Place<'_>,
        mode: Mode,
        weights: &'a Weights,
        context: &'a Context,
    ) -> anyhow::Result<Self> {
        Self::with(context.plugins(), Vec::new(), place, mode, weights, context)
    }

    /// The same without those signals that can send: neither packets nor questions leave.
    pub(crate) fn start_silent(
        place: Place<'_>,
        mode: Mode,
        weights: &'a Weights,
        context: &'a Context,
    ) -> anyhow::Result<Self> {
        let sends = |found: &Found| {
            let plugin = found.plugin.as_ref().ok();
            plugin.is_some_and(|plugin| {
                let needs = plugin.manifest.needs_here();
                needs.network || needs.raw_socket
            })
        };
        let (sending, silent): (Vec<_>, Vec<_>) = context.plugins().into_iter().partition(sends);
        let plugins = sending.iter().filter_map(|found| found.plugin.as_ref().ok());
        let silenced = plugins.filter(|plugin| {
            plugin.manifest.takes_part_in(Stage::Discover)
                || plugin.manifest.takes_part_in(Stage::Confirm)
        });
        let silenced = silenced.map(|plugin| PluginOutcome {
            id: plugin.manifest.id.clone(),
            version: Some(plugin.manifest.version.clone()),
            status: PluginStatus::Skipped,
            message: Some("it can send, and nothing is to be sent".to_owned()),
            hint: None,
            elapsed: None,
            names_addresses: Some(plugin.manifest.takes_part_in(Stage::Discover)),
        });
        Self::with(silent, silenced.collect(), place, mode, weights, context)
    }

    fn with(
        plugins: Vec<Found>,
        silenced: Vec<PluginOutcome>,
        place: Place<'_>,
        mode: Mode,
        weights: &'a Weights,
        context: &'a Context,
    ) -> anyhow::Result<Self> {
        let record = record(place)?;
        // What a snapshot holds costs nothing to ask for.
        let thorough = record.is_some();
        let settings = Settings {
            mode,
            call_deadline: if thorough {
                context.call_deadline.max(OF_RECORD)
            } else {
                context.call_deadline
            },
            log_level: context.log_level,
            configurations: context.config.plugin_configurations()?,
            snapshot: snapshot(place, record.as_ref().map(|(_, record)| record)),
        };
        let run = Run::start(plugins, &context.installation, settings);
        let keys = if record.is_some() { Keys::Recorded } else { Keys::of_user(context) };
        Ok(Self { run, record, thorough, silenced, keys, weights, context })
    }

    /// Asks the signals that are kept for doubt about every candidate, clear or not.
    pub(crate) fn thoroughly(mut self) -> Self {
        self.thorough = true;
        self
    }

    /// The machines of the place, and the monitors that can be asked about them.
    fn scene(&self) -> anyhow::Result<(Scene, Monitors)> {
        match &self.record {
            Some((directory, record)) => {
                Ok((Scene::of_record(directory.clone(), record.clone()), Monitors::default()))
            }
            None => Scene::beside_monitors(self.context),
        }
    }

    /// Reads the machines and asks the signals about all that have a process. Addresses are probed
    /// of those that `wanted` says, once it has accepted the scene.
    ///
    /// All of them are asked about, even when few are wanted: an address or a MAC that two machines
    /// share is seen only then. Which are paused is told of those that are wanted.
    pub(crate) fn look(
        &mut self,
        wanted: impl FnOnce(&Scene) -> anyhow::Result<Vec<String>>,
    ) -> anyhow::Result<(Scene, Observations)> {
        let began = Instant::now();
        let (mut scene, mut monitors) = self.scene()?;
        tracing::debug!("machines and network read: {:?}", began.elapsed());
        let wanted = wanted(&scene)?;
        let is_wanted = |name: &str| wanted.iter().any(|wanted| wanted == name);
        let alive = || scene.machines.iter().filter(|machine| is_alive(machine));
        let cases: Vec<Case> = alive().map(case).collect();
        let targets = alive().map(target).collect();
        let run = &mut self.run;
        run.revive();
        run.set_network(scene.network.as_ref());
        // QEMU answers while the signals look.
        let few = self.thorough || wanted.len() <= pause::FEW;
        let asked = monitors.ask(|name| few && is_wanted(name));
        let evidence = run.discover(targets);
        tracing::debug!("addresses discovered: {:?}", began.elapsed());
        asked.tell(&mut scene.machines);
        tracing::debug!("monitors heard: {:?}", began.elapsed());
        let alive: Vec<&Machine> =
            scene.machines.iter().filter(|machine| is_alive(machine)).collect();
        let to_probe = |evidence: &[Evidence]| {
            let (network, now) = (scene.network.as_ref(), scene.now());
            let mut probes = candidates_to_probe(&cases, evidence, network, now, self.weights);
            for (machine, probes) in alive.iter().zip(&mut probes) {
                // A paused machine cannot answer, and its silence would count against its address.
                if machine.power == Power::Paused || !wanted.contains(&machine.name) {
                    probes.clear();
                }
            }
            probes
        };
        let mut probes = to_probe(&evidence);
        run.confirm(&probes);
        tracing::debug!("addresses chosen to be probed: {:?}", began.elapsed());
        let mut quick = run.settle_quick();
        // A signal on a busy computer may have named an address after the wait for discovery: nobody
        // has been asked about it, and it must not pass for clear.
        let overdue = unasked(to_probe(&quick), &probes);
        if overdue.iter().any(|addresses| !addresses.is_empty()) {
            run.confirm(&overdue);
            quick = run.settle_quick();
            probes.iter_mut().zip(overdue).for_each(|(asked, late)| asked.extend(late));
        }
        let clarity = clarity(&cases, &quick, &scene, self.weights);
        let answering = |name: &str| {
            let mut of_cases = cases.iter().zip(&clarity);
            of_cases.any(|(case, of)| case.name == name && of.answers)
        };
        let asked = monitors.ask(|name| is_wanted(name) && !answering(name));
        let thorough = self.thorough;
        let in_doubt = |mut candidates: Vec<Vec<IpAddr>>| {
            let clear = |of: &Clarity| of.beyond_doubt && !thorough;
            let beyond = candidates.iter_mut().zip(&clarity).filter(|(_, of)| clear(of));
            beyond.for_each(|(candidates, _)| candidates.clear());
            candidates
        };
        // Not before: the replies to its questions would change the neighbour table.
        run.confirm_in_doubt(&in_doubt(probes.clone()));
        let keys = &mut self.keys;
        let mut compare_keys = |run: &mut Run, evidence: &[Evidence], probes: &[Vec<IpAddr>]| {
            if !run.can_compare_host_keys() {
                return;
            }
            let standings = alive.iter().zip(probes).zip(&clarity);
            let standings = standings.map(|((&machine, addresses), of)| Standing {
                machine,
                addresses,
                clear: of.beyond_doubt,
                certain: of.certain,
            });
            let standings: Vec<Standing<'_>> = standings.collect();
            let asked = keys.choose(&standings, evidence, thorough, scene.now());
            let machines = alive.iter().copied().zip(asked.iter().map(|asked| !asked.is_empty()));
            run.confirm_host_keys(&asked, keys.known(machines));
        };
        compare_keys(run, &quick, &probes);
        let mut of_wanted =
            cases.iter().zip(&clarity).filter(|(case, _)| wanted.contains(&case.name));
        // A record holds all that there is, and of a record the same is told every time.
        if !thorough && of_wanted.all(|(_, of)| of.resolved) {
            run.leave_slow();
        } else {
            let late = unasked(to_probe(&run.settle_slow()), &probes);
            run.confirm(&late);
            let quick = run.settle_quick();
            compare_keys(run, &quick, &late);
            run.confirm_in_doubt(&in_doubt(late));
        }
        let observed = run.settle();
        tracing::debug!("addresses probed: {:?}", began.elapsed());
        let (mut evidence, mut outcomes) = (observed.evidence, observed.outcomes);
        outcomes.extend(self.silenced.iter().cloned());
        asked.tell(&mut scene.machines);
        let paused: Vec<bool> = scene
            .machines
            .iter()
            .filter(|machine| is_alive(machine))
            .map(|machine| machine.power == Power::Paused)
            .collect();
        pause::forget_silence(&mut evidence, |vm| paused.get(vm) == Some(&true));
        self.learn(&mut scene, &cases, &evidence);
        Ok((scene, Observations { cases, evidence, outcomes }))
    }
}

impl Observer<'_> {
    /// Remembers the host keys that machines were seen with, and tells the scene, which may be
    /// recorded, which keys they are known by.
    fn learn(&mut self, scene: &mut Scene, cases: &[Case], evidence: &[Evidence]) {
        let alive = || scene.machines.iter().filter(|machine| is_alive(machine));
        let known = self.keys.known(alive().map(|machine| (machine, self.thorough)));
        let key_was_seen = |item: &Evidence| item.observation.attribute(HOST_KEY).is_some();
        if self.keys.has_asked() || evidence.iter().any(key_was_seen) {
            let picks = score(cases, evidence, scene.network.as_ref(), scene.now(), self.weights);
            self.keys.learn(alive().zip(picks), evidence, self.weights, scene.now());
        }
        let alive = scene.machines.iter_mut().filter(|machine| is_alive(machine));
        alive.zip(known).for_each(|(machine, known)| machine.known_host_keys = known);
    }
}

/// The addresses, by machine, that were not among those asked about.
fn unasked(mut addresses: Vec<Vec<IpAddr>>, asked: &[Vec<IpAddr>]) -> Vec<Vec<IpAddr>> {
    for (addresses, asked) in addresses.iter_mut().zip(asked) {
        addresses.retain(|address| !asked.contains(address));
    }
    addresses
}

/// How clear the address of one machine is.
#[expect(clippy::struct_excessive_bools, reason = "each decides about another question")]
struct Clarity {
    /// It has one address that can be used.
    resolved: bool,
    /// And its MAC, and nobody else's, was seen there.
    beyond_doubt: bool,
    /// The guest answers there.
    answers: bool,
    /// It is certain enough to outlast the run.
    certain: bool,
}

fn clarity(
    cases: &[Case],
    evidence: &[Evidence],
    scene: &Scene,
    weights: &Weights,
) -> Vec<Clarity> {
    let of_pick = |pick: &Pick| {
        let resolved = pick.picked().filter(|_| pick.verdict == Verdict::Resolved);
        let shared = |flag: &Flag| matches!(flag, Flag::DuplicateIp | Flag::MacMismatch);
        let beyond_doubt = resolved.is_some_and(|candidate| {
            let mut counted = candidate.ledger.iter().filter(|entry| entry.counted());
            counted.any(|entry| is_sighting(&entry.evidence.observation.kind))
                && !candidate.flags.iter().any(shared)
        });
        let certain = pick.may_be_written(weights);
        Clarity {
            resolved: resolved.is_some(),
            beyond_doubt,
            answers: pause::answers(pick),
            certain,
        }
    };
    let picks = score(cases, evidence, scene.network.as_ref(), scene.now(), weights);
    picks.iter().map(of_pick).collect()
}

/// Whether the machine itself was seen at the address, by its MAC or through a channel of its own: a
/// lease or a name is left behind by one that has gone.
fn is_sighting(kind: &Kind) -> bool {
    let of_neighbour = matches!(
        kind,
        Kind::NeighbourReachable | Kind::NeighbourStale | Kind::NeighbourCached | Kind::ArpReply
    );
    of_neighbour || matches!(kind.code(), "agent-address" | "ssh-host-key")
}

fn macs(machine: &Machine) -> Vec<vmkit_types::Mac> {
    machine.mac.as_ref().known().copied().into_iter().collect()
}

fn case(machine: &Machine) -> Case {
    let net = machine.net.as_ref().known();
    Case {
        name: machine.name.clone(),
        macs: macs(machine),
        running: true,
        started_at: machine.started_at,
        mode: net.map(|net| net.mode),
        interface: net.and_then(|net| net.interface.clone()),
    }
}

fn target(machine: &Machine) -> Target {
    Target {
        subject: Subject {
            name: machine.name.clone(),
            macs: macs(machine),
            hostname: machine.hostname.as_ref().known().cloned(),
            has_console: machine.console_log.is_some(),
            has_guest_agent: machine.guest_agent.is_some(),
            ..Subject::default()
        },
        console: machine.console_log.clone(),
        guest_agent: machine.guest_agent.clone(),
    }
}
