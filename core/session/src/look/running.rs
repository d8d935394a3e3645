//! The machines that have a process, in the order in which evidence numbers them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use vmkit_host::{Addresses, Holder, Target};
use vmkit_model::{Card, Evidence, Machine, MachineId, Power, stem};
use vmkit_scoring::{Case, Pick, Weights, candidates_to_probe, score};
use vmkit_types::{Kind, Observation, Subject};

use super::clarity::Clarity;
use crate::{
    Scene,
    host_keys::{Learner, Standing},
};

/// Picks by machine.
pub(super) type Picks = BTreeMap<MachineId, Pick>;

/// The machines that have a process.
pub(crate) struct Running {
    ids: Vec<MachineId>,
    cases: Vec<Case>,
    /// All machines that the look is about, running or not.
    pub(super) wanted: BTreeSet<MachineId>,
    /// Whether addresses of the others are probed as well, so that host keys and holders of addresses can
    /// be compared.
    probes_all: bool,
}

impl Running {
    pub(super) fn new(scene: &Scene, wanted: BTreeSet<MachineId>, probes_all: bool) -> Self {
        let (ids, cases) =
            scene.machines.iter().filter(|m| is_alive(m)).map(|m| (m.id(), Case::of(m))).unzip();
        Self { ids, cases, wanted, probes_all }
    }

    /// The evidence, and after it the addresses that managers have written down for their machines.
    pub(super) fn with_managers(
        &self,
        scene: &Scene,
        mut evidence: Vec<Evidence>,
    ) -> Vec<Evidence> {
        let mut id = evidence.iter().map(|item| item.id + 1).max().unwrap_or(0);
        for (vm, machine) in self.machines(scene).enumerate() {
            for address in machine.manager_addresses.as_ref().known().into_iter().flatten() {
                let says = format!("{} has written it down", machine.manager);
                let observation = Observation::new(vm, Kind::ManagerAddress, says).at(*address);
                evidence.push(Evidence {
                    id,
                    plugin: Arc::clone(&machine.manager),
                    received_at: scene.now(),
                    observation: observation.into(),
                });
                id += 1;
            }
        }
        evidence
    }

    /// The running machines of the scene.
    pub(crate) fn machines<'s>(&'s self, scene: &'s Scene) -> impl Iterator<Item = &'s Machine> {
        let by_id: BTreeMap<MachineId, &Machine> =
            scene.machines.iter().map(|machine| (machine.id(), machine)).collect();
        self.ids.iter().filter_map(move |id| by_id.get(id).copied())
    }

    /// The number that evidence gives to each machine.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &MachineId)> {
        self.ids.iter().enumerate()
    }

    pub(super) fn into_ids(self) -> Vec<MachineId> {
        self.ids
    }

    pub(super) fn wants(&self, name: &str) -> bool {
        self.wanted.contains(&MachineId::new(name))
    }

    /// What the signals are asked about.
    pub(super) fn targets(&self, scene: &Scene) -> Vec<Target> {
        self.machines(scene).map(target).collect()
    }

    pub(super) fn score(&self, scene: &Scene, evidence: &[Evidence], weights: &Weights) -> Picks {
        let picks = score(&self.cases, evidence, scene.network.as_ref(), scene.now(), weights);
        self.ids.iter().cloned().zip(picks).collect()
    }

    /// The addresses that may be probed now and were not yet. A paused machine cannot answer, and its
    /// silence would count against its address.
    pub(super) fn to_probe(&self, scene: &Scene, picks: &Picks, asked: &Addresses) -> Addresses {
        let paused = self.paused(scene);
        let probed = self.numbered().filter(|(number, id)| {
            (self.probes_all || self.wanted.contains(*id)) && !paused.contains(number)
        });
        let (ids, picks): (Vec<_>, Vec<_>) =
            probed.filter_map(|(_, id)| Some((id, picks.get(id)?))).unzip();
        let candidates = candidates_to_probe(picks, scene.network.as_ref());
        let mut open: Addresses = ids.into_iter().cloned().zip(candidates).collect();
        open.retain(|id, addresses| {
            let before = asked.get(id).map(Vec::as_slice).unwrap_or_default();
            addresses.retain(|address| !before.contains(address));
            !addresses.is_empty()
        });
        open
    }

    /// What decides about the host keys of each machine.
    pub(super) fn standings<'s>(
        &'s self,
        scene: &'s Scene,
        addresses: &'s Addresses,
        clarity: &BTreeMap<MachineId, Clarity>,
    ) -> Vec<Standing<'s>> {
        let standing = |machine: &'s Machine| {
            let id = machine.id();
            let clarity = clarity.get(&id);
            let addresses = addresses.get(&id)?;
            Some(Standing {
                machine,
                addresses,
                clear: clarity.is_some_and(|it| it.beyond_doubt),
                certain: clarity.is_some_and(|it| it.certain),
            })
        };
        self.machines(scene).filter_map(standing).collect()
    }

    /// The machines with what decides whether their host keys are remembered.
    pub(super) fn learners<'s>(&'s self, scene: &'s Scene, picks: &'s Picks) -> Vec<Learner<'s>> {
        let learner = |(vm, machine): (usize, &'s Machine)| {
            Some(Learner { machine, vm, pick: picks.get(&machine.id())? })
        };
        self.machines(scene).enumerate().filter_map(learner).collect()
    }

    /// The numbers of the machines that are paused.
    pub(super) fn paused(&self, scene: &Scene) -> BTreeSet<usize> {
        let numbered = self.machines(scene).enumerate();
        let paused = numbered.filter(|(_, machine)| machine.power == Power::Paused);
        paused.map(|(number, _)| number).collect()
    }
}

/// Whether a machine has a process that signals are asked about. What a foreign one says of itself
/// could take addresses from others.
fn is_alive(machine: &Machine) -> bool {
    !machine.foreign && matches!(machine.power, Power::Running | Power::Paused)
}

fn target(machine: &Machine) -> Target {
    Target {
        id: machine.id(),
        subject: Subject {
            name: stem(&machine.name),
            macs: machine.cards.macs().collect(),
            cards: machine.cards.all().map(Card::to_subject).collect(),
            hostname: machine.hostname.as_ref().known().cloned(),
            has_console: machine.console_log.is_some(),
            has_guest_agent: machine.guest_agent.is_some(),
            ..Subject::default()
        },
        console: machine.console_log.clone(),
        guest_agent: machine.guest_agent.clone(),
        process: machine.pid.zip(machine.user).map(|(pid, user)| Holder { pid, user }),
    }
}
