//! The stages up to the evidence, at the computer or on a snapshot of one.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use vmkit_evidence::Evidence;
use vmkit_host::{Found, Outcome, Run, Settings, Snapshot, Status, Target};
use vmkit_inventory::{
    Depth, Inventory, Location, Machine, Monitors, Power, Problem, read, read_beside_monitors,
};
use vmkit_platform::Platform as _;
use vmkit_scoring::{Case, Flag, Pick, Verdict, Weights, candidates_to_probe, score};
use vmkit_snapshot::Record;
use vmkit_types::{HostNetwork, Kind, Reading, Subject};
use vmkit_wire::Mode;

use crate::context::Context;

/// Where a run looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// At the computer.
    Computer,
    /// At the computer; the raw artefacts go to this directory.
    Recorded(&'a Path),
    /// At the snapshot in this directory.
    Snapshot(&'a Path),
}

impl<'a> Place<'a> {
    /// The snapshot that was named, or else the computer.
    pub(crate) fn of(from: Option<&'a PathBuf>) -> Self {
        from.map_or(Self::Computer, |directory| Self::Snapshot(directory))
    }
}

/// The machines of a place, and what is around them.
pub(crate) struct Scene {
    /// All machines, by name.
    pub(crate) machines: Vec<Machine>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// The host's network, where it is known.
    pub(crate) network: Option<HostNetwork>,
    /// Where the machines were read from.
    pub(crate) source: Source,
    /// Where and when a snapshot was recorded; `None`: this is the computer, and now.
    recorded: Option<Recorded>,
}

/// What a snapshot says of its recording.
struct Recorded {
    at: SystemTime,
    platform: Option<String>,
    privileged: Option<bool>,
}

/// Where machines were read from.
pub(crate) enum Source {
    DataDirectory(Location),
    Snapshot(PathBuf),
}

/// What the signals said.
pub(crate) struct Observations {
    /// The machines that have a process, as scoring sees them.
    pub(crate) cases: Vec<Case>,
    /// All facts; their `vm` is an index into `cases`.
    pub(crate) evidence: Vec<Evidence>,
    /// How each plugin fared.
    pub(crate) outcomes: Vec<Outcome>,
}

impl Scene {
    /// The present of the scene.
    pub(crate) fn now(&self) -> SystemTime {
        self.recorded.as_ref().map_or_else(SystemTime::now, |recorded| recorded.at)
    }

    /// `linux` or `macos`, where that is known.
    pub(crate) fn platform(&self) -> Option<String> {
        match &self.recorded {
            Some(recorded) => recorded.platform.clone(),
            None => Some(vmkit_platform::current().name().to_owned()),
        }
    }

    /// Whether what was seen was seen with root's rights.
    pub(crate) fn privileged(&self, context: &Context) -> Option<bool> {
        match &self.recorded {
            Some(recorded) => recorded.privileged,
            None => Some(context.invoker.privileged),
        }
    }

    /// Reads the machines alone: no plugin is asked.
    pub(crate) fn machines_only(place: Place<'_>, context: &Context) -> anyhow::Result<Self> {
        if let Some((directory, record)) = record(place)? {
            return Ok(Self::of_record(directory, record));
        }
        let (location, problems) = context.location()?;
        let inventory = read(&location, &vmkit_platform::current(), Depth::ProcessesOnly);
        Ok(Self::of_computer(location, problems, inventory, None))
    }

    /// Reads the machines and the network, all but what the monitors say.
    fn beside_monitors(context: &Context) -> anyhow::Result<(Self, Monitors)> {
        let (location, problems) = context.location()?;
        let (inventory, monitors) = read_beside_monitors(&location, &vmkit_platform::current());
        let network = match context.network() {
            Reading::Known(network) => Some(network),
            Reading::Absent => None,
            Reading::Unknown(why) => {
                tracing::warn!("the network of this computer is unknown: {why}");
                None
            }
        };
        Ok((Self::of_computer(location, problems, inventory, network), monitors))
    }

    fn of_computer(
        location: Location,
        mut problems: Vec<Problem>,
        inventory: Inventory,
        network: Option<HostNetwork>,
    ) -> Self {
        let Inventory { machines, problems: found } = inventory;
        problems.extend(found);
        let source = Source::DataDirectory(location);
        Self { machines, problems, network, source, recorded: None }
    }

    fn of_record(directory: PathBuf, record: Record) -> Self {
        let Inventory { machines, problems } = record.inventory;
        Self {
            machines,
            problems,
            network: record.network,
            source: Source::Snapshot(directory),
            recorded: Some(Recorded {
                at: record.captured_at,
                platform: record.platform,
                privileged: record.privileged,
            }),
        }
    }
}

/// Looks at a place, once or again and again with the same workers.
pub(crate) struct Observer<'a> {
    run: Run,
    record: Option<(PathBuf, Record)>,
    /// Whether the signals that are kept for doubt are asked about every candidate.
    thorough: bool,
    /// Signals that were left out because they can send.
    silenced: Vec<Outcome>,
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
            plugin.manifest.takes_part_in("discover") || plugin.manifest.takes_part_in("confirm")
        });
        let silenced = silenced.map(|plugin| Outcome {
            id: plugin.manifest.id.clone(),
            version: Some(plugin.manifest.version.clone()),
            status: Status::Skipped,
            message: Some("it can send, and nothing is to be sent".to_owned()),
            elapsed: None,
        });
        Self::with(silent, silenced.collect(), place, mode, weights, context)
    }

    fn with(
        plugins: Vec<Found>,
        silenced: Vec<Outcome>,
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
            call_deadline: context.call_deadline,
            log_level: context.log_level,
            configurations: context.config.plugin_configurations()?,
            snapshot: snapshot(place, record.as_ref().map(|(_, record)| record)),
        };
        let run = Run::start(plugins, &context.installation, settings);
        Ok(Self { run, record, thorough, silenced, weights, context })
    }

    /// Asks the signals that are kept for doubt about every candidate, clear or not.
    pub(crate) fn thoroughly(mut self) -> Self {
        self.thorough = true;
        self
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
        let (mut scene, monitors) = match &self.record {
            Some((directory, record)) => {
                (Scene::of_record(directory.clone(), record.clone()), Monitors::default())
            }
            None => Scene::beside_monitors(self.context)?,
        };
        tracing::debug!("machines and network read: {:?}", began.elapsed());
        let wanted = wanted(&scene)?;
        let alive = || scene.machines.iter().filter(|machine| is_alive(machine));
        let cases: Vec<Case> = alive().map(case).collect();
        let targets = alive().map(target).collect();
        let run = &mut self.run;
        run.revive();
        run.set_network(scene.network.as_ref());
        // QEMU answers while the signals look.
        let asked = monitors.ask(|name| wanted.iter().any(|wanted| wanted == name));
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
        let probes = to_probe(&evidence);
        run.confirm(&probes);
        tracing::debug!("addresses chosen to be probed: {:?}", began.elapsed());
        let quick = run.settle_quick();
        let clarity = clarity(&cases, &quick, &scene, self.weights);
        let thorough = self.thorough;
        let in_doubt = |mut candidates: Vec<Vec<IpAddr>>| {
            let clear = |of: &Clarity| of.beyond_doubt && !thorough;
            let beyond = candidates.iter_mut().zip(&clarity).filter(|(_, of)| clear(of));
            beyond.for_each(|(candidates, _)| candidates.clear());
            candidates
        };
        // Not before: the replies to its questions would change the neighbour table.
        run.confirm_in_doubt(&in_doubt(probes.clone()));
        let mut of_wanted =
            cases.iter().zip(&clarity).filter(|(case, _)| wanted.contains(&case.name));
        // A record holds all that there is, and of a record the same is told every time.
        if !thorough && of_wanted.all(|(_, of)| of.resolved) {
            run.leave_slow();
        } else {
            let mut late = to_probe(&run.settle_slow());
            for (late, early) in late.iter_mut().zip(&probes) {
                late.retain(|address| !early.contains(address));
            }
            run.confirm(&late);
            run.settle_quick();
            run.confirm_in_doubt(&in_doubt(late));
        }
        let observed = run.settle();
        tracing::debug!("addresses probed: {:?}", began.elapsed());
        let (evidence, mut outcomes) = (observed.evidence, observed.outcomes);
        outcomes.extend(self.silenced.iter().cloned());
        Ok((scene, Observations { cases, evidence, outcomes }))
    }
}

/// How clear the address of one machine is.
struct Clarity {
    /// It has one address that can be used.
    resolved: bool,
    /// And its MAC, and nobody else's, was seen there.
    beyond_doubt: bool,
}

fn clarity(
    cases: &[Case],
    evidence: &[Evidence],
    scene: &Scene,
    weights: &Weights,
) -> Vec<Clarity> {
    let of_pick = |pick: &Pick<'_>| {
        let resolved = pick.picked().filter(|_| pick.verdict == Verdict::Resolved);
        let shared = |flag: &Flag| matches!(flag, Flag::DuplicateIp | Flag::MacMismatch);
        let beyond_doubt = resolved.is_some_and(|candidate| {
            let mut counted = candidate.ledger.iter().filter(|entry| entry.counted());
            counted.any(|entry| is_sighting(&entry.evidence.observation.kind))
                && !candidate.flags.iter().any(shared)
        });
        Clarity { resolved: resolved.is_some(), beyond_doubt }
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

fn record(place: Place<'_>) -> anyhow::Result<Option<(PathBuf, Record)>> {
    match place {
        Place::Snapshot(directory) => {
            Ok(Some((directory.to_owned(), vmkit_snapshot::open(directory)?)))
        }
        Place::Computer | Place::Recorded(_) => Ok(None),
    }
}

fn snapshot(place: Place<'_>, record: Option<&Record>) -> Snapshot {
    match (place, record) {
        (_, Some(record)) => Snapshot::Replay {
            artefacts: record.artefacts.clone(),
            captured_at: record.captured_at,
        },
        (Place::Recorded(directory), None) => {
            Snapshot::Recording { directory: directory.to_owned() }
        }
        (Place::Computer | Place::Snapshot(_), None) => Snapshot::None,
    }
}

/// Whether a machine has a process.
pub(crate) fn is_alive(machine: &Machine) -> bool {
    matches!(machine.power, Power::Running | Power::Paused)
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

/// What `vm snapshot save` records beside the signals' artefacts.
pub(crate) fn capture<'a>(scene: &'a Scene, context: &Context) -> vmkit_snapshot::Capture<'a> {
    let invoker = &context.invoker;
    vmkit_snapshot::Capture {
        captured_at: scene.now(),
        platform: vmkit_platform::current().name(),
        privileged: invoker.privileged,
        network: scene.network.as_ref(),
        machines: &scene.machines,
        owner: invoker.via_sudo.then_some((invoker.uid, invoker.gid)),
    }
}
