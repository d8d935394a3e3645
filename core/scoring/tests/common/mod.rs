//! Scenarios in short lines of text: a network, machines, evidence, and what is expected.

#![allow(dead_code, reason = "each test file uses its part")]
#![expect(clippy::unwrap_used, reason = "a faulty scenario must end its test")]

use std::{
    collections::BTreeMap,
    fmt::Write,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use vmkit_model::{Card, Evidence, Net};
use vmkit_scoring::{Case, Pick, Weights, score};
use vmkit_types::{
    HostNetwork, Interface, InterfaceKind, Kind, Mac, NetworkMode, Observation, Prefix, Reading,
    Route, Unread, attribute,
};

/// The moment of every scenario, in seconds since the epoch.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

/// Networks by name. `lan`: 192.168.1.0/24 on en0 with a gateway, Docker beside it.
/// `two-bridges`: the same, with libvirt's virbr0 and minikube's virbr1.
/// `shared`: the same, with the host's shared network 192.168.65.0/24 on bridge100.
pub(crate) fn network(name: &str) -> Option<HostNetwork> {
    let mut interfaces = vec![
        interface("lo0", "127.0.0.1/8", InterfaceKind::Loopback),
        interface("en0", "192.168.1.20/24", InterfaceKind::Wifi),
        interface("docker0", "172.17.0.1/16", InterfaceKind::Container),
        interface("utun3", "10.99.0.5/16", InterfaceKind::Vpn),
    ];
    match name {
        "lan" => {}
        "shared" => {
            interfaces.push(interface("bridge100", "192.168.65.1/24", InterfaceKind::Bridge));
        }
        "two-bridges" => {
            interfaces.push(interface("virbr0", "192.168.122.1/24", InterfaceKind::Bridge));
            interfaces.push(interface("virbr1", "192.168.39.1/24", InterfaceKind::Bridge));
        }
        "nat-lan" => interfaces.push(interface("en5", "192.168.64.7/24", InterfaceKind::Ethernet)),
        "unknown" => return None,
        other => panic!("no network is called {other}"),
    }
    let default = Route {
        destination: prefix("0.0.0.0/0"),
        gateway: Some("192.168.1.1".parse().unwrap()),
        interface: "en0".to_owned(),
    };
    Some(HostNetwork { interfaces, routes: vec![default] })
}

fn interface(name: &str, address: &str, kind: InterfaceKind) -> Interface {
    let (name, addresses) = (name.to_owned(), vec![prefix(address)]);
    let mac = (kind == InterfaceKind::Wifi).then(|| mac("Wi-Fi"));
    Interface { name, mac, addresses, kind, up: true, bridge: None }
}

fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap();
    Prefix { address: address.parse().unwrap(), length: length.parse().unwrap() }
}

/// The MAC that a name stands for in the scenarios: 52:54:00:00:00 and the first letter.
pub(crate) fn mac(name: &str) -> Mac {
    Mac::new([0x52, 0x54, 0, 0, 0, name.as_bytes()[0]])
}

/// `NAME CARD [and CARD]… [up=SECONDS] [host-name=NAME] [off]`, a card being `[bridged|shared|user] [on=INTERFACE]
/// [mac=NAME|unknown]`. The first card has the MAC of the name.
pub(crate) fn case(line: &str) -> Case {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap();
    let mut case = Case { name: name.to_owned(), running: true, ..Case::default() };
    let mut cards = vec![Card::new(Some(mac(name)), None, None)];
    for word in words {
        let last = cards.last_mut().unwrap();
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "bridged" => set_mode(last, NetworkMode::Bridged),
            "shared" => set_mode(last, NetworkMode::Shared),
            "user" => set_mode(last, NetworkMode::User),
            "on" => {
                let Reading::Known(net) = &mut last.net else { panic!("{line}: {word}") };
                net.interface = Some(value.to_owned());
            }
            "mac" if value == "unknown" => last.mac = Reading::Unknown(Unread::NotTried),
            "mac" => last.mac = Reading::Known(mac(value)),
            "and" => cards.push(Card::unknown()),
            "up" => case.started_at = Some(now() - Duration::from_secs(value.parse().unwrap())),
            "off" => case.running = false,
            "host-name" => case.host_name = Some(value.to_owned()),
            other => panic!("{line}: {other:?}"),
        }
    }
    case.cards = cards.into_iter().collect();
    case
}

fn set_mode(card: &mut Card, mode: NetworkMode) {
    card.net = Reading::Known(Net { mode, interface: None, port: None, netdev: None });
}

/// `NAME ADDRESS|- KIND [age=SECONDS] [if=INTERFACE] [mac=NAME] [from=PLUGIN]
/// [received=SECONDS ago] [ATTRIBUTE=VALUE]`
pub(crate) fn evidence(lines: &[&str], cases: &[Case]) -> Vec<Evidence> {
    lines.iter().enumerate().map(|(id, line)| item(id, line, cases)).collect()
}

fn item(id: usize, line: &str, cases: &[Case]) -> Evidence {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap();
    let vm = cases.iter().position(|case| case.name == name).unwrap();
    let address = words.next().unwrap();
    let code = words.next().unwrap();
    let mut observation = Observation::new(vm, Kind::from_code(code), code);
    if address != "-" {
        observation = observation.at(address.parse::<IpAddr>().unwrap());
    }
    let mut received_at = now();
    let mut plugin = code.split('-').next().unwrap().to_owned();
    for word in words {
        let (key, value) = word.split_once('=').unwrap();
        observation = match key {
            "age" => observation.aged(Duration::from_secs(value.parse().unwrap())),
            "received" => {
                received_at -= Duration::from_secs(value.parse().unwrap());
                observation
            }
            "if" => observation.with(attribute::INTERFACE, value),
            "mac" => observation.on_mac(mac(value)),
            "from" => {
                value.clone_into(&mut plugin);
                observation
            }
            key => observation.with(key, value),
        };
    }
    let (id, observation) = (u32::try_from(id).unwrap(), observation.into());
    Evidence { id, plugin: plugin.into(), received_at, observation }
}

/// How a probability is written in scenarios: calibration moves it, and seldom so far.
fn word(probability: f64) -> &'static str {
    match probability {
        p if p >= 0.9 => "sure",
        p if p >= 0.6 => "likely",
        p if p >= 0.1 => "open",
        _ => "unlikely",
    }
}

/// `NAME VERDICT ADDRESS|-`, then a line per candidate: `ADDRESS how-likely flags | ledger`, each
/// kind with the sign of its weight.
pub(crate) fn account(cases: &[Case], picks: &[Pick]) -> BTreeMap<String, (String, String)> {
    let mut accounts = BTreeMap::new();
    for (case, pick) in cases.iter().zip(picks) {
        let shown = pick.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let verdict = format!("{} {shown}", pick.verdict.code());
        let mut text = format!("none {}\n", word(pick.none_probability));
        for candidate in &pick.candidates {
            let flags: Vec<_> = candidate.flags.iter().map(|flag| flag.code()).collect();
            let (address, likely) = (candidate.address, word(candidate.probability));
            let _ = write!(text, "{address} {likely} [{}]", flags.join(" "));
            if let Some(card) = candidate.card {
                let _ = write!(text, " card {card}");
            }
            if let Some(struck_out) = candidate.struck_out {
                let _ = write!(text, " struck out: {struck_out}");
            }
            if let Some(doubt) = &candidate.doubt {
                let _ = write!(text, " doubt: {}", doubt.says);
            }
            for entry in &candidate.ledger {
                let code = entry.evidence.observation.kind.code();
                let sign = match entry.weight {
                    weight if weight > 0.0 => '+',
                    weight if weight < 0.0 => '-',
                    _ => '=',
                };
                let _ = match entry.why_not {
                    None => write!(text, " | {sign}{code}"),
                    Some(why_not) => write!(text, " | not {code}: {why_not}"),
                };
            }
            text.push('\n');
        }
        for entry in pick.about_machine.iter().filter(|entry| !entry.counted()) {
            let code = entry.evidence.observation.kind.code();
            let why_not = entry.why_not.map(|why_not| why_not.to_string()).unwrap_or_default();
            let _ = writeln!(text, "not {code}: {why_not}");
        }
        for note in &pick.notes {
            let _ = writeln!(text, "note: {note}");
        }
        accounts.insert(case.name.clone(), (verdict, text));
    }
    accounts
}

/// All numbers of the picks, for comparing two of one table.
pub(crate) fn numbers(picks: &[Pick]) -> String {
    let mut text = String::new();
    for candidate in picks.iter().flat_map(|pick| &pick.candidates) {
        let _ = write!(text, "\n{} {:.9}", candidate.address, candidate.probability);
        for entry in &candidate.ledger {
            let _ = write!(text, " {:.9}", entry.weight);
        }
    }
    text
}

/// A case to get right.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) network: &'static str,
    pub(crate) machines: &'static [&'static str],
    pub(crate) evidence: &'static [&'static str],
    /// Per machine: `NAME: VERDICT ADDRESS|-` and lines that its account must have.
    pub(crate) expected: &'static [(&'static str, &'static [&'static str])],
}

impl Scenario {
    pub(crate) fn check(&self) {
        let cases: Vec<Case> = self.machines.iter().map(|line| case(line)).collect();
        let evidence = evidence(self.evidence, &cases);
        let network = network(self.network);
        let weights = Weights::builtin().unwrap();
        let picks = score(&cases, &evidence, network.as_ref(), now(), &weights);
        let accounts = account(&cases, &picks);
        for (expected, reasons) in self.expected {
            let (name, verdict) = expected.split_once(": ").unwrap();
            let (found, text) = &accounts[name];
            assert_eq!(found, verdict, "{}: {name}\n{text}", self.name);
            for reason in *reasons {
                assert!(text.contains(reason), "{}: {name} lacks {reason:?}\n{text}", self.name);
            }
        }
    }
}
