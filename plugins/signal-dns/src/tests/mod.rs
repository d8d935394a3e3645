//! Whole rounds against servers on loopback addresses, and their replay.

mod server;

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use serde::Deserialize;
use server::{Says, Server};
use vmkit_plugin::{Cx, ErrorCode, Plugin, Result, Signal, Stage, Subject};
use vmkit_testkit::FakeHost;

use crate::{
    Dns, hosts,
    interface::Interface,
    look,
    responders::{self, Responder, Responders},
};

/// The plugin with responders of the test in place of the system's.
struct Elsewhere(Where);

#[derive(Deserialize)]
#[serde(default)]
struct Where {
    /// Source and address of each server.
    servers: Vec<(String, SocketAddr)>,
    /// The address in place of the group of mDNS.
    group: Option<SocketAddr>,
    /// Names of interfaces for mDNS, all of them the loopback interface.
    interfaces: Vec<String>,
    search: Vec<String>,
    hosts: String,
    timeout_ms: u64,
}

impl Default for Where {
    fn default() -> Self {
        // Long enough for a busy computer's own server.
        let (servers, search, hosts) = (Vec::new(), Vec::new(), String::new());
        Self { servers, group: None, interfaces: Vec::new(), search, hosts, timeout_ms: 10_000 }
    }
}

impl Plugin for Elsewhere {
    type Config = Where;

    fn new(config: Where) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Signal for Elsewhere {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        let servers = self.0.servers.iter().map(|(source, address)| {
            let (source, address) = (source.clone(), *address);
            Responder::Server(responders::Server { source, address, scope: None })
        });
        let interface =
            |name: &String| Interface { name: name.clone(), address: Some(Ipv4Addr::LOCALHOST) };
        let interfaces = self.0.interfaces.iter().map(interface).collect();
        let links = self.0.group.map(|group| Responder::Links { group, interfaces });
        let responders = Responders {
            all: servers.chain(links).collect(),
            search: self.0.search.clone(),
            hosts: hosts::Hosts::parse(&self.0.hosts),
        };
        look(vms, &responders, Duration::from_millis(self.0.timeout_ms), cx)
    }
}

fn machines(names: &[&str]) -> Vec<Subject> {
    names.iter().map(|name| Subject { name: (*name).into(), ..Subject::default() }).collect()
}

fn configuration(servers: &[(&str, &Server)], rest: &str) -> String {
    let servers: Vec<_> =
        servers.iter().map(|(source, at)| format!(r#"["{source}","{}"]"#, at.address)).collect();
    format!(r#"{{"servers":[{}]{rest}}}"#, servers.join(","))
}

fn nobody(_: &str, _: bool) -> Says {
    Says::NoSuchName
}

#[test]
fn asks_every_source_and_a_snapshot_gives_the_same() {
    let system = Server::start(|name, ipv6| match (name, ipv6) {
        ("web.lan", false) => Says::addresses(&["192.168.1.64"]),
        ("web.lan", true) => Says::addresses(&["fd00::64"]),
        ("db", _) => Says::Refused,
        _ => Says::NoSuchName,
    });
    let gateway = Server::start(|name, ipv6| match (name, ipv6) {
        ("web", false) => Says::addresses(&["192.168.1.64"]),
        _ => Says::NoSuchName,
    });
    let links = Server::start(|name, ipv6| match (name, ipv6) {
        ("db.local", false) => Says::addresses(&["192.168.1.65"]),
        _ => Says::Nothing,
    });
    let vms = machines(&["web", "db"]);
    let rest = format!(r#","search":["lan"],"group":"{}""#, links.address);
    let servers = [("system", &system), ("192.168.1.254", &gateway)];
    let directory = tempfile::tempdir().unwrap();
    let host = FakeHost::new().recording_to(directory.path());
    let report = host.observe::<Elsewhere>(&configuration(&servers, &rest), &vms);
    assert_eq!(report.result, Ok(()));
    let expected = [
        "0 dns-address 192.168.1.64 DNS at 192.168.1.254: web is 192.168.1.64",
        "0 dns-address 192.168.1.64 DNS: web.lan is 192.168.1.64",
        "0 dns-address fd00::64 DNS: web.lan is fd00::64",
        "1 dns-address 192.168.1.65 DNS: db.local is 192.168.1.65 (mDNS)",
    ];
    assert_eq!(report.sorted_lines(), expected);

    let recorded = directory.path().join("dns.json");
    let text = std::fs::read_to_string(&recorded).unwrap();
    for part in ["\"ttl_s\": 60", "\"Query Refused\"", "\"mdns\"", "\"192.168.1.254\""] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let host = FakeHost::new().with_artefact_file("dns.json", recorded);
    let replayed = host.observe::<Dns>("{}", &vms);
    assert_eq!(
        (replayed.sorted_lines(), replayed.result),
        (expected.map(Into::into).into(), Ok(()))
    );
}

#[test]
fn a_name_that_is_absent_on_one_interface_is_asked_for_on_the_others() {
    let mut first = std::collections::HashSet::new();
    // Whichever interface asks second hears of the machine.
    let peers = Server::start(move |name, ipv6| {
        let asked_before = !first.insert((name.to_owned(), ipv6));
        if asked_before && name == "web.local" && !ipv6 {
            Says::addresses(&["192.168.64.3"])
        } else {
            Says::NoSuchName
        }
    });
    let rest = format!(r#","group":"{}","interfaces":["en0","bridge100"]"#, peers.address);
    let report =
        FakeHost::new().observe::<Elsewhere>(&configuration(&[], &rest), &machines(&["web"]));
    let lines = report.lines();
    let heard = "0 dns-address 192.168.64.3 DNS: web.local is 192.168.64.3 (mDNS on ";
    assert!(matches!(lines.as_slice(), [line] if line.starts_with(heard)), "{lines:?}");
}

#[test]
fn drops_the_answers_of_a_server_that_answers_for_every_name() {
    let catch_all = Server::start(|name, ipv6| match (name, ipv6) {
        ("web.lan", false) => Says::addresses(&["10.9.9.9", "192.168.1.64"]),
        (_, false) => Says::addresses(&["10.9.9.9"]),
        (_, true) => Says::NoSuchName,
    });
    let servers = [("system", &catch_all)];
    let configuration = configuration(&servers, r#","search":["lan"]"#);
    let report = FakeHost::new().observe::<Elsewhere>(&configuration, &machines(&["web", "db"]));
    assert_eq!(report.sorted_lines(), ["0 dns-address 192.168.1.64 DNS: web.lan is 192.168.1.64"]);
    let said = "system gives 10.9.9.9 for db.lan, and for names that nobody has";
    assert!(report.log.iter().any(|line| line.message.contains(said)), "{:?}", report.log);
    // The domain of no name, and the one that is searched; both families.
    let absent = catch_all.asked().into_iter().filter(|name| name.starts_with("vmkit-absent-"));
    assert_eq!(absent.count(), 4);
}

#[test]
fn reports_what_came_before_the_hosts_deadline() {
    let slow = Server::start(|_, _| Says::Nothing);
    let quick = Server::start(|name, ipv6| match (name, ipv6) {
        ("web", false) => Says::addresses(&["192.168.1.64"]),
        (_, false) => Says::Refused,
        (_, true) => Says::Nothing,
    });
    let servers = [("192.168.1.254", &slow), ("system", &quick)];
    let configuration = configuration(&servers, r#","timeout_ms":600000"#);
    // The round's own limit is ten minutes, so only the host's deadline ends it in time for the
    // test runner. It comes long after a busy computer's own server has answered.
    let host = FakeHost::new().with_budget(Duration::from_secs(10));
    let report = host.observe::<Elsewhere>(&configuration, &machines(&["web"]));
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.lines(), ["0 dns-address 192.168.1.64 DNS: web is 192.168.1.64"]);
}

#[test]
fn asks_a_lost_question_once_more() {
    let mut first = std::collections::HashSet::new();
    let lossy =
        Server::start(move |name, ipv6| match (first.insert((name.to_owned(), ipv6)), ipv6) {
            (true, _) => Says::Nothing,
            (false, false) if name == "web" => Says::addresses(&["192.168.1.64"]),
            (false, _) => Says::NoSuchName,
        });
    let configuration = configuration(&[("system", &lossy)], "");
    let report = FakeHost::new().observe::<Elsewhere>(&configuration, &machines(&["web"]));
    assert_eq!(report.lines(), ["0 dns-address 192.168.1.64 DNS: web is 192.168.1.64"]);
}

#[test]
fn logs_a_closed_port_without_waiting() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let closed = socket.local_addr().unwrap();
    drop(socket);
    let configuration = format!(r#"{{"servers":[["system","{closed}"]],"timeout_ms":600000}}"#);
    let report = FakeHost::new().observe::<Elsewhere>(&configuration, &machines(&["web"]));
    assert_eq!((report.lines(), report.result), (Vec::new(), Ok(())));
    let said = "the DNS server 127.0.0.1 cannot be reached";
    let lines: Vec<_> = report.log.iter().filter(|line| line.message.contains(said)).collect();
    assert!(matches!(lines.as_slice(), [line] if line.level == 3), "{:?}", report.log);
}

#[test]
fn drops_hostile_answers_and_never_asks_for_hostile_names() {
    let hostile = Server::start(|name, ipv6| match (name, ipv6) {
        ("web", false) => Says::addresses(&["127.0.0.1", "0.0.0.0", "224.0.0.251"]),
        ("db", false) => Says::Forged(Box::new(Says::addresses(&["10.6.6.6"]))),
        ("nas", false) => Says::addresses(&["10.0.0.1"; 64]),
        _ => Says::NoSuchName,
    });
    let names = ["web", "db", "nas", "$(reboot)", "a b", "x\u{1b}[2J", "-x", "we_b", ""];
    let configuration = configuration(&[("system", &hostile)], "");
    let report = FakeHost::new().observe::<Elsewhere>(&configuration, &machines(&names));
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.sorted_lines(), ["2 dns-address 10.0.0.1 DNS: nas is 10.0.0.1"]);
    let asked = hostile.asked();
    assert!(
        asked.iter().all(|name| ["web", "db", "nas"].contains(&name.as_str())
            || name.starts_with("vmkit-absent-")),
        "{asked:?}"
    );
}

#[test]
fn drops_what_this_computers_hosts_file_says() {
    let stub = Server::start(|name, ipv6| match (name, ipv6) {
        ("web", false) => Says::addresses(&["192.168.1.60", "192.168.1.64"]),
        _ => Says::NoSuchName,
    });
    let configuration =
        configuration(&[("system", &stub)], r#","hosts":"192.168.1.60 web # vmkit""#);
    let report = FakeHost::new().observe::<Elsewhere>(&configuration, &machines(&["web"]));
    assert_eq!(report.lines(), ["0 dns-address 192.168.1.64 DNS: web is 192.168.1.64"]);
}

#[test]
fn asks_for_a_thousand_machines() {
    let all = Server::start(|name, ipv6| match name.strip_prefix("vm-") {
        Some(number) if !ipv6 => {
            let [high, low] = number.parse::<u16>().unwrap_or_default().to_be_bytes();
            Says::addresses(&[&format!("10.1.{high}.{low}")])
        }
        _ => Says::NoSuchName,
    });
    let names: Vec<String> = (0..1000).map(|number| format!("vm-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let configuration = configuration(&[("system", &all)], "");
    let report = FakeHost::new().observe::<Elsewhere>(&configuration, &machines(&names));
    assert_eq!((report.observations.len(), report.result), (1000, Ok(())));
}

#[test]
fn asks_nobody_in_cancelled_confirming_and_nameless_calls() {
    let server = Server::start(nobody);
    let rest = configuration(&[("system", &server)], "");
    let vms = machines(&["web"]);
    let cancelled = FakeHost::new().cancelling_after(0).observe::<Dns>("{}", &vms);
    assert_eq!(cancelled.result.map_err(|error| error.code), Err(ErrorCode::Cancelled));
    let confirming = FakeHost::new().at_stage(Stage::Confirm).observe::<Dns>("{}", &vms);
    assert_eq!((confirming.lines(), confirming.result), (Vec::new(), Ok(())));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let elsewhere = FakeHost::new().with_artefact_file("neigh/arp-an.txt", file);
    let expected = ["0 unread - no answer of a DNS server was recorded"];
    assert_eq!(elsewhere.observe::<Dns>("{}", &vms).lines(), expected);
    let nameless = FakeHost::new().observe::<Elsewhere>(&rest, &machines(&["*", ""]));
    assert_eq!((nameless.lines(), nameless.result), (Vec::new(), Ok(())));
    assert_eq!(server.asked(), Vec::<String>::new());
    for configuration in [r#"{"timeout_ms":0}"#, r#"{"timeout_ms":10001}"#, r#"{"timeout":1}"#] {
        let error = FakeHost::new().observe::<Dns>(configuration, &vms).result;
        assert_eq!(error.map_err(|e| e.code), Err(ErrorCode::Configuration), "{configuration}");
    }
}
