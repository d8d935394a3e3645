//! A plugin's raw socket works on the candidates' links and nowhere else.
#![cfg(target_os = "linux")]

use std::{env, process::Command};

use vmkit_contract::{Tree, machine};
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix};

/// Set in the process that runs inside the namespace.
const INSIDE: &str = "VMKIT_TEST_INSIDE_NAMESPACE";

/// Two bridges in the test's network namespace.
const BRIDGES: &str = "ip link set lo up \
    && ip link add br0 address 52:54:00:00:00:09 type bridge && ip link set br0 up \
    && ip address add 192.168.77.10/24 dev br0 \
    && ip link add br1 type bridge && ip link set br1 up";

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

fn texts_about(candidates: &[[u8; 4]]) -> Vec<String> {
    let tree = Tree::with(&["contract-trespass"]);
    let candidates = candidates.iter().map(|octets| (*octets).into()).collect();
    let ran = tree.confirm(machine("web"), candidates, &network());
    assert_eq!(ran.outcome("trespass"), ("ok", ""));
    ran.texts("trespass").into_iter().map(str::to_owned).collect()
}

#[test]
fn the_socket_reaches_only_the_candidates_link() {
    beside_bridges("the_socket_reaches_only_the_candidates_link", "", || {
        let expected = [
            "links: br0 52:54:00:00:00:09 192.168.77.10/24",
            "succeeded: a socket on br0, asking there",
        ];
        assert_eq!(texts_about(&[[192, 168, 77, 50]]), expected);
        // An address on no link, and a loopback address.
        let nothing = ["links: ", "succeeded: "];
        assert_eq!(texts_about(&[[10, 9, 9, 9], [127, 0, 0, 2]]), nothing);
    });
}

#[test]
fn without_the_right_there_is_no_socket() {
    let without = "setpriv --bounding-set -net_raw --inh-caps -net_raw";
    beside_bridges("without_the_right_there_is_no_socket", without, || {
        let expected = ["links: br0 52:54:00:00:00:09 192.168.77.10/24", "succeeded: "];
        assert_eq!(texts_about(&[[192, 168, 77, 50]]), expected);
    });
}
