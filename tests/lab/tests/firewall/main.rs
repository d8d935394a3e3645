//! Random rule sets in a real kernel: each packet must meet the fate that `vmkit-survey` foretells.
//!
//! `RULE_SETS` is the number of rule sets, `SEED` the first of their seeds.
#![cfg(target_os = "linux")]

mod frames;
mod network;
mod nftables;
mod question;
mod tables;

use std::{env, fmt::Write as _};

use vmkit_lab::{Lab, LabError, or_skip, run};
use vmkit_survey::{Passage, RuleSet};

use frames::questions;
use network::Network;
use question::Question;

/// Rule sets of a run of all tests, which takes seconds.
const RULE_SETS: u64 = 60;
/// About every third random rule set of nftables is refused.
const TRIES: u32 = 50;

/// What came of all packets.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    dropped: usize,
    /// Without a prediction.
    open: usize,
    wrong: Vec<String>,
}

#[test]
fn the_kernel_does_to_packets_what_the_rules_are_read_to_say() {
    let Some(mut lab) = or_skip(Lab::new("firewall")) else { return };
    // Its answers would have the marks of the questions.
    lab.router().stop_dhcp();
    let network = Network::new(&lab).expect("a network");
    let number = |name: &str, usual| {
        env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
    };
    let first: u64 = number("SEED", 1);
    let mut tally = Tally::default();
    for seed in first..first + number("RULE_SETS", RULE_SETS) {
        compare(&lab, &network, seed, &mut tally);
    }
    let Tally { passed, dropped, open, wrong } = &tally;
    println!("{passed} passed, {dropped} were dropped, {open} were not foretold");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), passed + dropped, wrong.join("\n"));
    assert!(*passed > 50 && *dropped > 50 && *open < passed + dropped, "{tally:?}");
}

fn compare(lab: &Lab, network: &Network, seed: u64, tally: &mut Tally) {
    let mut random = fastrand::Rng::with_seed(seed);
    let filtered = random.bool();
    let host = lab.host();
    host.set("bridge.bridge-nf-call-iptables", if filtered { "1" } else { "0" }).expect("a switch");
    nft(lab, "flush ruleset").expect("no rules");
    let with_tables = random.u8(..3);
    if with_tables > 0 {
        tables::load(lab, &mut random);
    }
    if with_tables < 2 {
        // Some combinations of conditions contradict each other, which nft refuses.
        let accepted = (0..TRIES).any(|_| nft(lab, &nftables::rules(&mut random)).is_ok());
        assert!(accepted, "nft accepts none of {TRIES} rule sets");
    }
    let mut text = run(host.command("nft").args(["list", "ruleset"])).expect("rules");
    let document = run(host.command("nft").args(["-j", "list", "ruleset"])).expect("rules");
    for tool in ["iptables", "ip6tables", "ebtables"] {
        let saved = run(&mut host.command(format!("{tool}-nft-save"))).expect("rules");
        let _ = write!(text, "# Output of {tool}-nft-save\n{saved}");
    }
    let document = random.bool().then_some(document.as_str());
    let rules = RuleSet::read(&text, document, Some(filtered));
    let questions = questions(network, seed);
    let foretold: Vec<Passage> =
        questions.iter().map(|each| rules.passage(&each.packet, &each.way)).collect();
    network.clear();
    for question in &questions {
        network.send(question);
    }
    let wanted = questions.iter().zip(&foretold);
    let wanted = wanted.filter(|(_, passage)| matches!(passage, Passage::Passes { .. }));
    network.wait_for(&wanted.map(|(question, _)| (question.to, question.mark)).collect::<Vec<_>>());
    for (question, passage) in questions.iter().zip(&foretold) {
        let arrived = network.arrived(question);
        match (passage, arrived) {
            (Passage::Passes { .. }, true) => tally.passed += 1,
            (Passage::Drops { .. }, false) => tally.dropped += 1,
            (Passage::DropsSome { .. } | Passage::Unknown { .. }, _) => tally.open += 1,
            _ => tally.wrong.push(complaint(seed, question, passage, &text, filtered)),
        }
    }
}

fn nft(lab: &Lab, rules: &str) -> Result<String, LabError> {
    let file = lab.folder().join("rules.nft");
    std::fs::write(&file, rules).expect("a file");
    run(lab.host().command("nft").arg("-f").arg(&file))
}

fn complaint(
    seed: u64,
    question: &Question,
    passage: &Passage,
    text: &str,
    filtered: bool,
) -> String {
    format!("seed {seed}, {}: {passage:?}, filtered {filtered}\n{text}\n", question.name)
}
