//! DHCP servers of this computer: how full they are, and which network they serve.

use std::{
    net::Ipv4Addr,
    time::{Duration, SystemTime},
};

use vmkit_survey::{Answer, Client, DhcpServer, Pool, listeners};
use vmkit_types::{NetworkMode, Reading, Unread};

use super::{
    Scene, absent, present,
    scene::{VM, now},
};

const OTHER: &str = "52:54:00:00:00:99";
/// The machine of a scene has run for five minutes.
const IN_THIS_BOOT: u64 = 60;
const BEFORE_IT: u64 = 900;

/// dnsmasq on br0, which has 192.168.1.50, with `free` addresses of ten left.
fn dnsmasq(free: Reading<u64>) -> DhcpServer {
    let [first, last] = [100, 109].map(|last| Ipv4Addr::new(192, 168, 1, last));
    DhcpServer {
        program: "dnsmasq".to_owned(),
        interfaces: vec!["br0".to_owned()],
        addresses: Vec::new(),
        pools: Reading::Known(vec![Pool { first, last, addresses: 10, free }]),
        clients: Reading::Known(Vec::new()),
        answers: Reading::Known(Vec::new()),
    }
}

fn client(mac: &str, leased: bool) -> Client {
    Client { mac: mac.parse().unwrap(), address: Ipv4Addr::new(192, 168, 1, 100), leased }
}

fn refused(seconds_ago: Option<u64>) -> Reading<Vec<Answer>> {
    let at = seconds_ago
        .and_then(|ago| -> Option<SystemTime> { now().checked_sub(Duration::from_secs(ago)) });
    Reading::Known(vec![Answer { mac: VM.parse().unwrap(), refused: true, at }])
}

fn scene(servers: Vec<DhcpServer>) -> Scene {
    let mut scene = Scene::at_home().interface("en0", |en0| en0.bridge = None);
    scene.machine.mode = Some(NetworkMode::Shared);
    scene.survey.servers = Reading::Known(servers);
    scene
}

/// `Some(true)`: present; `Some(false)`: absent; `None`: not observed.
fn judged(scene: &Scene, code: &str) -> Option<bool> {
    let is = |codes: Vec<&str>| codes.contains(&code);
    is(present(scene)).then_some(true).or(is(absent(scene)).then_some(false))
}

#[test]
fn a_server_without_a_free_address_is_exhausted() {
    let none = || Reading::Known(0);
    let unread = || Reading::Unknown(Unread::Denied("read the leases".to_owned()));
    let with = |clients: Vec<Client>| Reading::Known(clients);
    let elsewhere = DhcpServer { interfaces: vec!["virbr1".to_owned()], ..dnsmasq(none()) };
    let full = dnsmasq(none());
    let rows: Vec<(&str, Vec<DhcpServer>, Option<bool>)> = vec![
        ("none left", vec![full.clone()], Some(true)),
        ("some left", vec![dnsmasq(Reading::Known(3))], Some(false)),
        ("nobody may read the leases", vec![dnsmasq(unread())], None),
        ("no server", vec![], None),
        ("a server of another bridge", vec![elsewhere.clone()], None),
        (
            "two servers, one with addresses",
            vec![full.clone(), dnsmasq(Reading::Known(1))],
            Some(false),
        ),
        ("two servers, one unread", vec![full.clone(), dnsmasq(unread())], None),
        (
            "a lease of the VM's own",
            vec![DhcpServer { clients: with(vec![client(VM, true)]), ..full.clone() }],
            Some(false),
        ),
        (
            "an address that is kept for it",
            vec![DhcpServer { clients: with(vec![client(VM, false)]), ..full.clone() }],
            Some(false),
        ),
        (
            "an address that is kept for it and leased to another",
            vec![DhcpServer {
                clients: with(vec![client(OTHER, true), client(VM, false)]),
                ..full.clone()
            }],
            Some(true),
        ),
        (
            "a range of another network",
            vec![DhcpServer {
                pools: Reading::Known(vec![Pool {
                    first: Ipv4Addr::new(10, 0, 0, 2),
                    last: Ipv4Addr::new(10, 0, 0, 2),
                    addresses: 1,
                    free: none(),
                }]),
                ..full.clone()
            }],
            None,
        ),
        (
            "an unreadable configuration",
            vec![DhcpServer { pools: Reading::Unknown(Unread::NotTried), ..full.clone() }],
            None,
        ),
        (
            "a refusal in this boot",
            vec![DhcpServer { answers: refused(Some(IN_THIS_BOOT)), ..dnsmasq(Reading::Known(3)) }],
            Some(true),
        ),
        (
            "a refusal before this boot",
            vec![DhcpServer { answers: refused(Some(BEFORE_IT)), ..dnsmasq(unread()) }],
            None,
        ),
        (
            "a refusal at an unknown time",
            vec![DhcpServer { answers: refused(None), ..dnsmasq(Reading::Known(3)) }],
            Some(false),
        ),
        (
            "a refusal at an unknown time and unreadable leases",
            vec![DhcpServer { answers: refused(None), ..dnsmasq(unread()) }],
            Some(true),
        ),
    ];
    for (name, servers, expected) in rows {
        assert_eq!(judged(&scene(servers), "pool-exhausted"), expected, "{name}");
    }
}

/// A bridged machine's server is usually another computer, and may be this one.
#[test]
fn a_bridged_machine_may_have_this_computer_for_a_server() {
    let mut bridged = scene(vec![dnsmasq(Reading::Known(0))]);
    bridged.machine.mode = Some(NetworkMode::Bridged);
    assert_eq!(judged(&bridged, "pool-exhausted"), Some(true));
}

/// dnsmasq listens on all interfaces and serves those of its configuration.
#[test]
fn a_server_that_serves_another_bridge_does_not_serve_this_one() {
    let all = b"UNCONN 0 0 0.0.0.0:67 0.0.0.0:* users:((\"dnsmasq\",pid=8,fd=4))\n";
    let here = dnsmasq(Reading::Known(3));
    let elsewhere = DhcpServer { interfaces: vec!["virbr1".to_owned()], ..here.clone() };
    let unread = DhcpServer {
        interfaces: Vec::new(),
        pools: Reading::Unknown(Unread::NotTried),
        ..here.clone()
    };
    let rows: Vec<(Vec<DhcpServer>, bool)> = vec![
        (vec![here.clone()], false),
        (vec![elsewhere.clone()], true),
        (vec![elsewhere.clone(), here], false),
        (vec![elsewhere, unread.clone()], false),
        (vec![unread], false),
        (vec![], false),
    ];
    for (servers, expected) in rows {
        let mut scene = scene(servers.clone());
        scene.survey.listeners = Reading::Known(listeners(all));
        let found = judged(&scene, "dhcp-server-not-listening");
        assert_eq!(found, Some(expected), "{servers:?}");
    }
}
