//! Models of the sources: delayed, outdated and incomplete, as documented, and independent of the
//! weights.

mod agent;
mod bridge;
mod capture;
mod collector;
mod console;
mod leases;
mod names;
mod neighbours;
mod probes;

use collector::Collector;
pub use collector::now;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
    time::Duration,
};

use vmkit_model::{Card, Evidence};
use vmkit_scoring::{Case, Flag, Pick, Verdict, Weights, score};
use vmkit_types::HostNetwork;

use crate::{
    careful::{Careful, careful},
    labelled::{Labelled, Truth},
    random::Random,
    world::World,
};

/// Looks at a world once: what all sources tell of it, and what is true.
pub fn look(world: &World, (family, number): (&str, u64), random: &mut Random) -> Labelled {
    let mut collector = Collector { evidence: Vec::new() };
    let table = neighbours::table(world, random);
    neighbours::discover(world, &table, &mut collector);
    let mut console_words = Vec::new();
    for vm in 0..world.machines.len() {
        leases::discover(world, vm, random, &mut collector);
        names::discover(world, vm, random, &mut collector);
        console_words.push(console::discover(world, vm, random, &mut collector));
        agent::discover(world, vm, &mut collector);
        bridge::discover(world, vm, random, &mut collector);
        capture::discover(world, vm, random, &mut collector);
    }
    let cases: Vec<Case> = (0..world.machines.len()).map(|vm| case(world, vm)).collect();
    let network = world.site.network();
    confirm(world, &table, random, &mut collector);
    if world.site.privileged {
        let clear = clear(&cases, &collector.evidence, network.as_ref());
        for vm in clear.iter().enumerate().filter_map(|(vm, clear)| (!clear).then_some(vm)) {
            for candidate in candidates(world, vm, &collector) {
                probes::ask_arp(world, vm, candidate, random, &mut collector);
            }
        }
    }
    let ssh_open = ssh_open(world, &console_words, &collector);
    let mut labelled = Labelled {
        macos: world.site.macos,
        family: family.to_owned(),
        number,
        cases,
        evidence: collector.evidence,
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
fn confirm(
    world: &World,
    table: &[neighbours::Entry],
    random: &mut Random,
    collector: &mut Collector,
) {
    for vm in 0..world.machines.len() {
        let candidates = candidates(world, vm, collector);
        neighbours::confirm(world, vm, table, &candidates, collector);
        if world.machines[vm].paused {
            continue;
        }
        for candidate in &candidates {
            probes::confirm(world, vm, *candidate, table, random, collector);
        }
        neighbours::read_again(world, vm, table, &candidates, collector);
    }
}

/// The addresses of a machine that are asked.
fn candidates(world: &World, vm: usize, collector: &Collector) -> Vec<IpAddr> {
    let mut named = collector.named(vm);
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
fn ssh_open(world: &World, words: &[Vec<Ipv4Addr>], collector: &Collector) -> BTreeSet<IpAddr> {
    let of_evidence = (0..world.machines.len()).flat_map(|vm| collector.named(vm));
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
        host_name: None,
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
