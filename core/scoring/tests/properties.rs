//! What holds whatever the evidence is.

#![expect(clippy::unwrap_used, reason = "a faulty sequence must end its test")]

mod common;

use common::{account, case, evidence, network, now, numbers};
use vmkit_scoring::{Candidate, Case, Weights, candidates_to_probe, score};
use vmkit_types::Kind;

/// A fixed sequence of numbers that look random (xorshift64): the same in every run.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    fn of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

/// A run of up to 40 facts about three machines, with every kind, age and sort of address.
fn any_run(sequence: &mut Sequence) -> (Vec<Case>, Vec<String>) {
    let modes = ["", "bridged", "shared", "user", "bridged on=en0 up=60", "shared on=bridge100"];
    let cases = ["web", "db", "cache"].map(|name| case(&format!("{name} {}", sequence.of(&modes))));
    let addresses = [
        "192.168.1.64",
        "192.168.1.65",
        "192.168.1.1",
        "192.168.1.255",
        "169.254.1.2",
        "172.17.0.5",
        "192.168.64.9",
        "fe80::1",
        "2001:db8::1",
        "::1",
        "0.0.0.0",
        "8.8.8.8",
        "224.0.0.1",
        "-",
    ];
    let others = ["lease-current", "lease-expired", "dhcp-ack", "agent-address", "unheard-of"];
    let codes: Vec<&str> = Kind::NAMED.iter().map(Kind::code).chain(others).collect();
    let lines = (0..sequence.below(40))
        .map(|_| {
            let name = sequence.of(&["web", "db", "cache"]);
            let (address, code) = (sequence.of(&addresses), sequence.of(&codes));
            let details = [
                "",
                "age=0",
                "age=59",
                "age=5000",
                "mac=web",
                "mac=db if=en0",
                "mac=x",
                "received=1 mac=web",
            ];
            format!("{name} {address} {code} {}", sequence.of(&details))
        })
        .collect();
    (cases.to_vec(), lines)
}

/// Whether something that only the machine answers was seen there.
fn held(candidate: &Candidate) -> bool {
    let counted = candidate.ledger.iter().filter(|entry| entry.counted() && entry.weight > 0.0);
    let codes: Vec<&str> = counted.map(|entry| entry.evidence.observation.kind.code()).collect();
    let answers = ["ssh-ready", "ssh-refused", "ssh-no-banner", "icmp-reply"];
    let any = |of: &[&str]| codes.iter().any(|code| of.contains(code));
    let entry =
        codes.iter().any(|code| code.starts_with("neighbour-") || *code == "bridge-address");
    any(&["arp-reply", "agent-address", "ssh-host-key"]) || (entry && any(&answers))
}

#[test]
fn probabilities_are_of_one_whole_and_order_does_not_matter() {
    let weights = Weights::builtin().unwrap();
    let mut sequence = Sequence(0x9e37_79b9_7f4a_7c15);
    for run in 0..2000 {
        let (cases, mut lines) = any_run(&mut sequence);
        let network = network(sequence.of(&["lan", "shared", "unknown"]));
        let all = evidence(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &cases);
        let picks = score(&cases, &all, network.as_ref(), now(), &weights);
        for pick in &picks {
            let open = pick.candidates.iter().filter(|it| it.struck_out.is_none());
            let v4: Vec<f64> =
                open.filter(|it| it.address.is_ipv4()).map(|it| it.probability).collect();
            let sum = v4.iter().sum::<f64>();
            let first_is_v6 = pick.candidates.first().is_some_and(|it| it.address.is_ipv6());
            // Several that the machine has at once do not exclude each other.
            let whole = if first_is_v6 { sum } else { sum + pick.none_probability };
            let beside = pick.candidates.iter().filter(|it| held(it)).count() > 1;
            assert!(
                whole < 1.0 + 1e-9 || beside,
                "run {run}: {whole}\n{:?}",
                account(&cases, &picks)
            );
            assert!((0.0..=1.0).contains(&pick.none_probability), "run {run}");
            let of_one = |p: &f64| (0.0..=1.0).contains(p);
            assert!(pick.candidates.iter().all(|it| of_one(&it.probability)), "run {run}");
            assert_eq!(pick.address.is_some(), pick.confidence.is_some(), "run {run}");
        }
        for index in (1..lines.len()).rev() {
            lines.swap(index, sequence.below(index + 1));
        }
        let shuffled = evidence(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &cases);
        let again = score(&cases, &shuffled, network.as_ref(), now(), &weights);
        assert_eq!(account(&cases, &picks), account(&cases, &again), "run {run}");
        assert_eq!(numbers(&picks), numbers(&again), "run {run}");
    }
}

#[test]
fn evidence_of_a_machine_that_does_not_exist_is_dropped() {
    let cases = [case("web")];
    let mut all = evidence(&["web 192.168.1.64 console-address"], &cases);
    std::sync::Arc::make_mut(&mut all[0].observation).vm = 7;
    let weights = Weights::builtin().unwrap();
    let picks = score(&cases, &all, None, now(), &weights);
    assert_eq!(picks.len(), 1);
    assert!(picks[0].candidates.is_empty());
}

#[test]
fn text_of_a_guest_makes_nobody_connect_elsewhere() {
    let claims = |addresses: &[&str]| -> Vec<String> {
        addresses.iter().map(|address| format!("web {address} console-address")).collect()
    };
    let hostile = [
        "8.8.8.8",
        "10.99.3.3",
        "127.0.0.1",
        "192.168.1.1",
        "192.168.1.20",
        "fe80::9",
        "192.168.1.255",
        "192.168.1.0",
        "224.0.0.251",
        "0.0.0.0",
        "255.255.255.255",
        "10.5.5.5",
    ];
    let rows: [(&str, &[&str], &[&str]); 4] = [
        ("lan", &hostile, &[]),
        ("lan", &["192.168.1.64"], &["192.168.1.64"]),
        ("unknown", &["8.8.8.8", "192.168.7.7", "2001:db8::1", "::1"], &["192.168.7.7"]),
        (
            "lan",
            &[
                "172.17.0.9",
                "192.168.1.6",
                "192.168.1.5",
                "192.168.1.8",
                "192.168.1.7",
                "192.168.1.9",
            ],
            &["192.168.1.5", "192.168.1.6", "192.168.1.7", "192.168.1.8"],
        ),
    ];
    let weights = Weights::builtin().unwrap();
    for (name, addresses, expected) in rows {
        let cases = [case("web bridged"), case("off off")];
        let lines = claims(addresses);
        let all = evidence(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &cases);
        let network = network(name);
        let picks = score(&cases, &all, network.as_ref(), now(), &weights);
        let probed = candidates_to_probe(&picks, network.as_ref());
        let texts: Vec<String> = probed[0].iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected, "{addresses:?}");
        assert!(probed[1].is_empty());
    }
}
