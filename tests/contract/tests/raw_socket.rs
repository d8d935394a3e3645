//! A plugin that is given a raw socket has it on the machines' links and nowhere else.
#![cfg(target_os = "linux")]

use std::{env, process::Command};

use vmkit_contract::{Tree, machine};
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix};

/// Set in the process that runs inside the namespace.
const INSIDE: &str = "VMKIT_TEST_INSIDE_NAMESPACE";

/// Two bridges in a network namespace of the test's own.
const BRIDGES: &str = "ip link set lo up \
    && ip link add br0 address 52:54:00:00:00:09 type bridge && ip link set br0 up \
    && ip address add 192.168.77.10/24 dev br0 \
    && ip link add br1 type bridge && ip link set br1 up";

/// Runs `test` beside the two bridges, with these further commands before; where the one who runs
/// the tests is not root, it says loudly that it did not run, unless `CI` is set.
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

/// The network of the namespace: only the first bridge has an address.
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

fn said_of(candidates: &[[u8; 4]]) -> Vec<String> {
    let tree = Tree::with(&["contract-trespass"]);
    let candidates = candidates.iter().map(|octets| (*octets).into()).collect();
    let ran = tree.confirm(machine("web"), candidates, &network());
    assert_eq!(ran.outcome("trespass"), ("ok", ""));
    ran.said("trespass").into_iter().map(str::to_owned).collect()
}

#[test]
fn the_socket_is_for_the_candidates_link_and_no_other() {
    beside_bridges("the_socket_is_for_the_candidates_link_and_no_other", "", || {
        let expected = [
            "told of: br0 52:54:00:00:00:09 192.168.77.10/24",
            "got away with: a socket on br0, asking there",
        ];
        assert_eq!(said_of(&[[192, 168, 77, 50]]), expected);
        // An address that is on no link, and one that never leaves this computer.
        let nothing = ["told of: ", "got away with: "];
        assert_eq!(said_of(&[[10, 9, 9, 9], [127, 0, 0, 2]]), nothing);
    });
}

#[test]
fn without_the_right_there_is_none() {
    let without = "setpriv --bounding-set -net_raw --inh-caps -net_raw";
    beside_bridges("without_the_right_there_is_none", without, || {
        let expected = ["told of: br0 52:54:00:00:00:09 192.168.77.10/24", "got away with: "];
        assert_eq!(said_of(&[[192, 168, 77, 50]]), expected);
    });
}
