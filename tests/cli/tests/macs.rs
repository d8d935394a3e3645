//! Macs that are replayed: `tests/corpus/macs.toml`, each in every language.

use std::{fs, path::Path, thread};

use serde::Deserialize;
use serde_json::{Value, json};
use vmkit_cli_tests::run;
use vmkit_mac_texts::{Firewall, Guest, Identifier, Language, Mac};

/// When each Mac was recorded, and the same in seconds since the epoch.
const NOW: (&str, u64) = ("2026-11-24T06:00:00Z", 1_795_500_000);
/// A cause at or above this probability is an accusation.
const ACCUSED: f64 = 0.5;
/// Macs that are replayed at one time: each runs a worker for every signal.
const AT_ONCE: usize = 2;

#[derive(Deserialize)]
struct Corpus {
    scenario: Vec<Scenario>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    title: String,
    release: u32,
    #[serde(default)]
    uplink: Option<String>,
    #[serde(default = "yes")]
    connected: bool,
    /// Minutes before the recording at which the guests were started.
    #[serde(default = "half_an_hour")]
    started_min: u8,
    guests: Vec<GuestRow>,
    files: Files,
    /// Of the first guest's address.
    #[serde(default)]
    probes: Vec<Probe>,
    expect: Vec<Expected>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct GuestRow {
    name: String,
    address: Option<u8>,
    port: u32,
    #[serde(default = "yes")]
    bridged: bool,
    #[serde(default = "moments")]
    age: u32,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    ifconfig: Option<String>,
    arp: Option<String>,
    netstat: Option<String>,
    lease: Option<String>,
    firewall: Option<FirewallRow>,
    /// The interface on which the first guest's name is known by mDNS; on en0 it is absent then.
    mdns: Option<String>,
    /// Whose DHCP leases the Mac itself has, in the order in which it was asked.
    #[serde(default)]
    leases_of_mac: Vec<LeaseRow>,
    /// The server that answers the offer test to this Mac's own MAC, and to a stranger's.
    offers_by: Option<OffersRow>,
}

/// Last octets of the servers; none: no answer.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OffersRow {
    to_mac: Option<u8>,
    to_others: Option<u8>,
}

/// A lease of the Mac's own, by last octets of the network of its uplink.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseRow {
    interface: String,
    server: u8,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FirewallRow {
    on: bool,
    allows_built_in: bool,
    bootpd: Option<bool>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    kind: String,
    outcome: String,
    errno: Option<i32>,
    ms: f64,
    #[serde(default)]
    as_root: bool,
    banner: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    vm: String,
    address: Option<u8>,
    verdict: Option<String>,
    port: Option<String>,
    ssh: Option<String>,
    /// Parts of what the status says of the VM.
    #[serde(default)]
    says: Vec<String>,
    /// The likeliest cause is one of these.
    #[serde(default)]
    causes: Vec<String>,
    /// None of these is likely.
    #[serde(default)]
    not_causes: Vec<String>,
}

fn yes() -> bool {
    true
}

fn half_an_hour() -> u8 {
    30
}

fn moments() -> u32 {
    20
}

impl Scenario {
    fn mac(&self, language: Language) -> Mac {
        let wifi = self.uplink.as_deref() != Some("ethernet");
        let (release, connected) = (self.release, self.connected);
        let mut mac = Mac { release, language, wifi, connected, guests: Vec::new() };
        mac.guests =
            (0..).zip(&self.guests).map(|(number, row)| guest(number, row, &mac)).collect();
        mac
    }

    /// Writes the snapshot of this Mac.
    fn write(&self, mac: &Mac, to: &Path) {
        let put = |name: &str, text: &str| {
            let path = to.join(name);
            fs::create_dir_all(path.parent().unwrap_or(to)).expect("make a folder");
            fs::write(path, text).expect("write a file");
        };
        put("snapshot.json", &snapshot(mac, self.started_min).to_string());
        let Files { ifconfig, arp, netstat, lease, firewall, mdns, leases_of_mac, offers_by } =
            &self.files;
        if let Some(word) = ifconfig {
            put("bridge/ifconfig.txt", &mac.ifconfig(word == "lists"));
        }
        if let Some(word) = arp {
            put("neigh/arp-an.txt", &arp_text(mac, word));
        }
        if let Some(word) = netstat {
            put("neigh/netstat-rn.txt", &mac.netstat(word == "neighbours"));
        }
        if let Some(word) = lease {
            put("leases/dhcpd_leases", &leases(mac, word));
        }
        if let Some(FirewallRow { on, allows_built_in, bootpd }) = firewall {
            let firewall = Firewall { on: *on, allows_built_in: *allows_built_in, bootpd: *bootpd };
            put("host/firewall.txt", &mac.firewall(firewall));
        }
        if let Some(interface) = mdns {
            put("dns.json", &heard(mac, interface).to_string());
        }
        if !leases_of_mac.is_empty() {
            let lease = |row: &LeaseRow| mac.own_lease(&row.interface, mac.at(row.server));
            let texts: String = leases_of_mac.iter().map(lease).collect();
            put("host/ipconfig-getpacket.txt", &texts);
        }
        if let Some(offers) = offers_by {
            put("probe-dhcp.json", &offer_test(mac, offers).to_string());
        }
        let address = mac.guests.first().and_then(|guest| guest.address);
        let probes: Vec<Value> = self.probes.iter().map(|probe| probe.json(address)).collect();
        if !probes.is_empty() {
            put("probes.json", &Value::Array(probes).to_string());
        }
    }
}

impl Probe {
    fn json(&self, address: Option<std::net::Ipv4Addr>) -> Value {
        json!({
            "kind": self.kind, "ip": address, "port": 22, "outcome": self.outcome, "rtt_ms": self.ms,
            "errno": self.errno, "as_root": self.as_root, "banner": self.banner, "at": NOW.0,
        })
    }
}

fn guest(number: u8, row: &GuestRow, mac: &Mac) -> Guest {
    let at = |last: u8| {
        if row.bridged { mac.at(last) } else { std::net::Ipv4Addr::new(192, 168, 64, last) }
    };
    Guest {
        name: row.name.clone(),
        mac: format!("52:54:00:4b:0e:{number:02x}"),
        address: row.address.map(at),
        port: row.port,
        bridged: row.bridged,
        age: row.age,
    }
}

fn snapshot(mac: &Mac, started_min: u8) -> Value {
    let uplink = if mac.wifi { "wifi" } else { "ethernet" };
    let has = |bridged: bool| mac.guests.iter().any(|guest| guest.bridged == bridged);
    let mut interfaces = vec![json!({
        "name": "en0", "mac": Mac::OWN_MAC, "ipv4": [format!("{}/24", mac.address())], "kind": uplink,
        "up": true, "bridge": has(true).then_some("bridge101"),
    })];
    if has(false) {
        interfaces.push(json!({
            "name": "bridge100", "ipv4": ["192.168.64.1/24"], "kind": "bridge", "up": true,
        }));
    }
    if has(true) {
        interfaces.push(json!({ "name": "bridge101", "ipv4": [], "kind": "bridge", "up": true }));
    }
    interfaces.extend(mac.guests.iter().map(|guest| {
        let bridge = if guest.bridged { "bridge101" } else { "bridge100" };
        json!({ "name": format!("vmenet{}", guest.port), "kind": "tap", "up": true, "bridge": bridge })
    }));
    let route = json!({ "dst": "default", "gateway": mac.router(), "dev": "en0" });
    let routes = if mac.connected { vec![route] } else { Vec::new() };
    let vms = mac.guests.iter().map(|guest| {
        let net = if guest.bridged {
            json!({ "mode": "bridged", "interface": "en0" })
        } else {
            json!({ "mode": "shared" })
        };
        json!({
            "name": guest.name, "manager": "vm-toolkit", "state": "running", "pid": 4242, "net": net,
            "started_at": format!("2026-11-24T05:{}:00Z", 60 - started_min), "mac": guest.mac, "hostname": guest.name,
        })
    });
    let vms: Vec<Value> = vms.collect();
    json!({
        "schema": "vmkit.snapshot/1", "captured_at": NOW.0, "platform": "macos", "privileged": false,
        "host": { "interfaces": interfaces, "routes": routes }, "vms": vms,
    })
}

fn arp_text(mac: &Mac, word: &str) -> String {
    match word {
        "own" => mac.arp(),
        "whole" => mac.whole_arp(),
        "masked" => mac.masked_arp(),
        "whole-without-guests" => Mac { guests: Vec::new(), ..mac.clone() }.whole_arp(),
        "empty" => String::new(),
        other => panic!("no such text of arp: {other}"),
    }
}

/// What mDNS gave for the first guest's name on en0 and on this interface.
fn heard(mac: &Mac, interface: &str) -> Value {
    let Some(guest) = mac.guests.first() else { return json!([]) };
    let name = format!("{}.local", guest.name);
    let answer = guest.address.map(|ip| json!({ "ip": ip, "ttl_s": 120 }));
    json!([
        { "name": name, "source": "mdns", "interface": "en0", "answers": [] },
        {
            "name": name, "source": "mdns", "interface": interface,
            "answers": answer.into_iter().collect::<Vec<_>>(),
        },
    ])
}

/// The results of a test with DISCOVERs of the Mac, of the first guest and of a stranger.
fn offer_test(mac: &Mac, offers: &OffersRow) -> Value {
    let guest = mac.guests.first().map_or("", |guest| guest.mac.as_str());
    let cases = [
        ("host", Mac::OWN_MAC, offers.to_mac, 10),
        ("vm", guest, offers.to_others, 64),
        ("foreign", "02:76:6d:6b:69:74", offers.to_others, 105),
    ];
    let case = |(case, chaddr, server, last): (&str, &str, Option<u8>, u8)| {
        let offer =
            server.map(|server| json!({ "server": mac.at(server), "yiaddr": mac.at(last) }));
        json!({
            "case": case, "chaddr": chaddr, "sent": 4,
            "offers": offer.into_iter().collect::<Vec<_>>(),
        })
    };
    Value::Array(cases.into_iter().map(case).collect())
}

fn leases(mac: &Mac, word: &str) -> String {
    let (identifier, end) = match word {
        "mac" => (Identifier::Mac, NOW.1 + 80_000),
        "duid" => (Identifier::Duid, NOW.1 + 80_000),
        "nameless" => (Identifier::DuidWithoutName, NOW.1 + 80_000),
        "ended" => (Identifier::Duid, NOW.1 - 3_000),
        other => panic!("no such lease: {other}"),
    };
    mac.guests.iter().map(|guest| guest.lease(identifier, end)).collect()
}

/// What is wrong with the answers about this Mac.
fn complaints(scenario: &Scenario, language: Language) -> Vec<String> {
    let mac = scenario.mac(language);
    let folder = tempfile::tempdir().expect("make a folder");
    scenario.write(&mac, folder.path());
    let from = folder.path().to_str().expect("a plain path");
    let status = run(&["status", "--json", "--from", from]);
    status.assert_harmless();
    let asks_doctor =
        scenario.expect.iter().any(|it| !it.causes.is_empty() || !it.not_causes.is_empty());
    let doctor = asks_doctor.then(|| run(&["doctor", "--json", "--from", from]));
    let mut complaints = Vec::new();
    for expected in &scenario.expect {
        let vm = status.machine(&expected.vm);
        let mut differs = |what: &str, found: Option<&str>, wanted: Option<String>| {
            if wanted.as_deref().is_some_and(|wanted| found != Some(wanted)) {
                complaints.push(format!("{}: {what} is {found:?}, not {wanted:?}", expected.vm));
            }
        };
        let guest = mac.guests.iter().find(|guest| guest.name == expected.vm).expect("a guest");
        differs(
            "the address",
            vm["ip"].as_str(),
            expected.address.and(guest.address).map(|at| at.to_string()),
        );
        differs("the verdict", vm["verdict"].as_str(), expected.verdict.clone());
        differs("the port", vm["cards"][0]["port"].as_str(), expected.port.clone());
        differs("SSH", vm["ssh"]["state"].as_str(), expected.ssh.clone());
        let text = vm.to_string();
        let missing = expected.says.iter().filter(|part| !text.contains(part.as_str()));
        complaints.extend(
            missing.map(|part| format!("{}: it does not say {part:?}: {vm:#}", expected.vm)),
        );
        if let Some(doctor) = &doctor {
            complaints.extend(of_causes(&doctor.machine(&expected.vm), expected));
        }
    }
    let title = format!("{} ({language:?})", scenario.title);
    complaints.into_iter().map(|complaint| format!("{title}: {complaint}")).collect()
}

fn of_causes(vm: &Value, expected: &Expected) -> Option<String> {
    let causes: Vec<(&str, f64)> = vm["causes"]
        .as_array()?
        .iter()
        .filter_map(|cause| Some((cause["code"].as_str()?, cause["probability"].as_f64()?)))
        .collect();
    let first = causes.first().map(|(code, _)| *code);
    let named = expected.causes.is_empty()
        || first.is_some_and(|first| expected.causes.iter().any(|code| code == first));
    let accused = causes
        .iter()
        .any(|(code, p)| *p >= ACCUSED && expected.not_causes.iter().any(|not| not == code));
    (!named || accused)
        .then(|| format!("{}: causes {causes:?}, expected {:?}", expected.vm, expected.causes))
}

#[test]
fn every_mac_is_read_right_in_every_language() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/macs.toml"));
    let corpus: Corpus = toml::from_str(&text.expect("the corpus")).expect("scenarios");
    let languages = [Language::English, Language::German];
    let runs: Vec<(&Scenario, Language)> = corpus
        .scenario
        .iter()
        .flat_map(|scenario| languages.map(|language| (scenario, language)))
        .collect();
    assert!(runs.len() >= 50, "{} Macs", runs.len());
    let share = runs.len().div_ceil(AT_ONCE);
    let wrong: Vec<String> = thread::scope(|scope| {
        let lanes: Vec<_> = runs
            .chunks(share)
            .map(|lane| {
                let of_lane = move || -> Vec<String> {
                    lane.iter()
                        .flat_map(|(scenario, language)| complaints(scenario, *language))
                        .collect()
                };
                scope.spawn(of_lane)
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("a lane")).collect()
    });
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}
