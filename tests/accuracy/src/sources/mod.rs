//! How each source tells of a world: with delays, out of date, incompletely.
//!
//! The models follow what is documented of the sources, never the weights.

mod agent;
mod capture;
mod console;
mod leases;
mod names;
mod neighbours;
mod probes;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use vmkit_model::{Card, Evidence};
use vmkit_scoring::{Case, Flag, Pick, Verdict, Weights, score};
use vmkit_types::{HostNetwork, Observation};

use crate::{
    careful::{Careful, careful},
    labelled::{Labelled, Truth},
    random::Random,
    world::World,
};

/// The moment of every look, in seconds since the epoch.
pub const NOW: u64 = 1_800_000_000;

/// How long before the end of a look the discovering signals told what they know.
const DISCOVERED_BEFORE: Duration = Duration::from_millis(400);

/// The moment of every look.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

/// What the sources tell, as it comes in.
struct Told {
    evidence: Vec<Evidence>,
}

impl Told {
    fn discovered(&mut self, plugin: &str, observation: Observation) {
        self.push(plugin, now() - DISCOVERED_BEFORE, observation);
    }

    fn confirmed(&mut self, plugin: &str, observation: Observation) {
        self.push(plugin, now(), observation);
    }

    fn push(&mut self, plugin: &str, received_at: SystemTime, observation: Observation) {
        // The cases are small: a few hundred items at most.
        let id = u32::try_from(self.evidence.len()).unwrap_or(u32::MAX);
        self.evidence.push(Evidence {
            id,
            plugin: plugin.into(),
            received_at,
            observation: observation.into(),
        });
    }

    /// Addresses that were named for this machine, in the order of their naming.
    fn named(&self, vm: usize) -> Vec<IpAddr> {
        let mut named = Vec::new();
        for item in self.evidence.iter().filter(|item| item.observation.vm == vm) {
            if let Some(address) = item.observation.address
                && !named.contains(&address)
            {
                named.push(address);
            }
        }
        named
    }
}

/// Looks at a world once: what all sources tell of it, and what is true.
pub fn look(world: &World, (family, number): (&str, u64), random: &mut Random) -> Labelled {
    let mut told = Told { evidence: Vec::new() };
    let table = neighbours::table(world, random);
    neighbours::discover(world, &table, &mut told);
    let mut console_words = Vec::new();
    for vm in 0..world.machines.len() {
        leases::discover(world, vm, random, &mut told);
        names::discover(world, vm, random, &mut told);
        console_words.push(console::discover(world, vm, random, &mut told));
        agent::discover(world, vm, &mut told);
        capture::discover(world, vm, random, &mut told);
    }
    let cases: Vec<Case> = (0..world.machines.len()).map(|vm| case(world, vm)).collect();
    let network = world.site.network();
    confirm(world, &table, random, &mut told);
    if world.site.privileged {
        let clear = clear(&cases, &told.evidence, network.as_ref());
        for vm in clear.iter().enumerate().filter_map(|(vm, clear)| (!clear).then_some(vm)) {
            for candidate in candidates(world, vm, &told) {
                probes::ask_arp(world, vm, candidate, random, &mut told);
            }
        }
    }
    let ssh_open = ssh_open(world, &console_words, &told);
    let mut labelled = Labelled {
        family: family.to_owned(),
        number,
        cases,
        evidence: told.evidence,
        network,
        console_words,
        ssh_open,
        truths: Vec::new(),
    };
    labelled.truths = (0..world.machines.len())
        .map(|vm| {
            let accepts = world.truth(vm);
            let knowable = careful(&labelled, vm, &accepts) == Careful::Known;
            Truth { accepts, knowable }
        })
        .collect();
    labelled
}

/// What the signals tell that ask the addresses of every machine.
fn confirm(world: &World, table: &[neighbours::Entry], random: &mut Random, told: &mut Told) {
    for vm in 0..world.machines.len() {
        let candidates = candidates(world, vm, told);
        neighbours::confirm(world, vm, table, &candidates, told);
        if world.machines[vm].paused {
            continue;
        }
        for candidate in &candidates {
            probes::confirm(world, vm, *candidate, table, random, told);
        }
        neighbours::read_again(world, vm, table, &candidates, told);
    }
}

/// The addresses of a machine that are asked.
fn candidates(world: &World, vm: usize, told: &Told) -> Vec<IpAddr> {
    let mut named = told.named(vm);
    named.retain(|address| world.site.on_link(*address) && !world.site.is_infrastructure(*address));
    named
}

/// Which machines have an address that is beyond doubt, by the table of weights in use: vmkit sends
/// ARP requests for the others alone.
fn clear(cases: &[Case], evidence: &[Evidence], network: Option<&HostNetwork>) -> Vec<bool> {
    static WEIGHTS: LazyLock<Option<Weights>> = LazyLock::new(|| Weights::builtin().ok());
    let Some(weights) = WEIGHTS.as_ref() else { return vec![false; cases.len()] };
    let is_clear = |pick: &Pick| {
        let doubtful = [Flag::MacMismatch, Flag::DuplicateIp, Flag::GuestClaimOnly];
        let picked = pick.picked().filter(|_| pick.verdict == Verdict::Resolved);
        picked.is_some_and(|picked| !picked.flags.iter().any(|flag| doubtful.contains(flag)))
    };
    score(cases, evidence, network, now(), weights).iter().map(is_clear).collect()
}

/// Addresses of consoles and evidence at which an SSH server answers: what the toolkit's rule asks.
fn ssh_open(world: &World, words: &[Vec<Ipv4Addr>], told: &Told) -> BTreeSet<IpAddr> {
    let of_evidence = (0..world.machines.len()).flat_map(|vm| told.named(vm));
    let words = words.iter().flatten().copied().map(IpAddr::from);
    let asked: BTreeSet<IpAddr> = words.chain(of_evidence).collect();
    let open = |address: &IpAddr| {
        let router = world.site.gateway_ssh && world.site.is_infrastructure(*address);
        let answered = world.responders(*address);
        router || answered.first().is_some_and(|first| first.ssh == crate::world::Port::Open)
    };
    asked.into_iter().filter(open).collect()
}

fn case(world: &World, vm: usize) -> Case {
    let machine = &world.machines[vm];
    let started_at = now() - Duration::from_secs(machine.process_age);
    Case {
        name: machine.name.clone(),
        running: true,
        started_at: machine.start_known.then_some(started_at),
        cards: Card::new(
            machine.mac_known.then_some(machine.mac),
            Some(machine.mode),
            Some(world.site.interface(machine.mode).to_owned()),
        )
        .into(),
    }
}
