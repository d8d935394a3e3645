//! A plugin learns who answers ARP for candidates, and nothing that it wants sent reaches a link.
#![cfg(target_os = "linux")]

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use vmkit_capture::{Capture, DEFAULT_RING_BYTES};
use vmkit_contract::{Tree, machine};
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix};

/// Set in the process that runs inside the namespace.
const INSIDE: &str = "VMKIT_TEST_INSIDE_NAMESPACE";

/// Two bridges in the test's network namespace, and a cable to the first.
const BRIDGES: &str = "ip link set lo up \
    && ip link add br0 address 52:54:00:00:00:09 type bridge && ip link set br0 up \
    && ip address add 192.168.77.10/24 dev br0 \
    && ip link add br1 type bridge && ip link set br1 up \
    && ip link add port type veth peer name end && ip link set port master br0 \
    && ip link set port up && ip link set end up";

/// Runs `test` in a namespace with the two bridges, started through `then`. Without root, prints that
/// the test is skipped, or fails under `CI`.
#[track_caller]
fn beside_bridges(name: &str, then: &str, test: fn()) {
    if env::var_os(INSIDE).is_some() {
        return test();
    }
    if !vmkit_contract::runs_as_root() {
        assert!(env::var_os("CI").is_none(), "raw sockets need root");
        return skipped();
    }
    let this = env::current_exe().unwrap_or_else(|error| panic!("find this test: {error}"));
    let script = format!(r#"{BRIDGES} && exec {then} "$0" --exact "$1" --nocapture"#);
    let output = Command::new("unshare")
        .args(["--net", "sh", "-c", &script])
        .arg(this)
        .arg(name)
        .env(INSIDE, "1")
        .output()
        .unwrap_or_else(|error| panic!("run unshare: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
fn skipped() {
    println!("\n!!! SKIPPED: raw sockets need root\n");
}

/// The namespace's network, where only the first bridge has an address.
fn network() -> HostNetwork {
    let interface = |name: &str, addresses: Vec<Prefix>, kind| Interface {
        name: name.to_owned(),
        mac: "52:54:00:00:00:09".parse().ok(),
        addresses,
        kind,
        up: true,
        bridge: None,
    };
    let prefix = |address: [u8; 4], length| Prefix { address: address.into(), length };
    let interfaces = vec![
        interface("lo", vec![prefix([127, 0, 0, 1], 8)], InterfaceKind::Loopback),
        interface("br0", vec![prefix([192, 168, 77, 10], 24)], InterfaceKind::Bridge),
        interface("br1", Vec::new(), InterfaceKind::Bridge),
    ];
    HostNetwork { interfaces, routes: Vec::new() }
}

/// What the plugin reports about a VM with this candidate.
fn texts_about(candidate: [u8; 4]) -> Vec<String> {
    let tree = Tree::with(&["contract-trespass"]);
    let ran = tree.confirm(machine("web"), vec![candidate.into()], &network());
    assert_eq!(ran.outcome("trespass"), ("ok", ""));
    let texts = ran.texts("trespass").into_iter().map(str::to_owned);
    // The first stage is about guest agents.
    texts.skip_while(|text| !text.starts_with("br0: ")).collect()
}

/// The ARP frames on the cable up to the third request, each as its operation, sender and target.
fn frames(cable: &mut Capture) -> Vec<String> {
    let mut frames = Vec::new();
    // The plugin has ended, so the frames are there; the kernel hands them over within milliseconds.
    let deadline = Instant::now() + Duration::from_secs(30);
    while frames.len() < 3 {
        let frame = cable.next(deadline).expect("a capture").expect("three requests");
        if let Some(arp) = frame.data.get(12..42).filter(|arp| arp[..2] == [0x08, 0x06]) {
            let address =
                |at: usize| arp[at..at + 4].iter().map(u8::to_string).collect::<Vec<_>>().join(".");
            frames.push(format!("{} {} {}", arp[9], address(16), address(26)));
        }
    }
    frames
}

#[test]
fn a_plugin_can_ask_by_arp_and_send_nothing_else() {
    beside_bridges("a_plugin_can_ask_by_arp_and_send_nothing_else", "", || {
        let mut cable = Capture::open("end", DEFAULT_RING_BYTES).expect("a capture");
        let refused = "plugins get no raw sockets and no connections to guest agents; the host asks \
                       for them: `Cx::who_has`, `Cx::ask_guest_agents`";
        let expected = [
            format!("br0: {refused}"),
            format!("br1: {refused}"),
            format!("lo: {refused}"),
            "ask: 192.168.77.50 br0 3".to_owned(),
            "ask again: ARP can be asked once in a call".to_owned(),
        ];
        assert_eq!(texts_about([192, 168, 77, 50]), expected);
        let request = "1 192.168.77.10 192.168.77.50";
        assert_eq!(frames(&mut cable), [request; 3]);
        // A candidate that is on no link, and one of loopback.
        for candidate in [[10, 9, 9, 9], [127, 0, 0, 2]] {
            assert_eq!(texts_about(candidate)[3], "ask: ");
        }
    });
}

#[test]
fn without_the_right_nobody_is_asked() {
    let without = "setpriv --bounding-set -net_raw --inh-caps -net_raw";
    beside_bridges("without_the_right_nobody_is_asked", without, || {
        let expected = "ask: asking by ARP on br0 takes root's rights (CAP_NET_RAW); without, two \
                        machines at one address cannot be told apart";
        assert_eq!(texts_about([192, 168, 77, 50])[3], expected);
    });
}
