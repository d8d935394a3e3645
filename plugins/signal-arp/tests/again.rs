//! Both readings of the real table of a network namespace, and their recording.
#![cfg(target_os = "linux")]

use std::{path::Path, process::Command};

use signal_arp::Arp;
use vmkit_plugin::{Mac, Observation, Stage, Subject};
use vmkit_testkit::{FakeHost, Made, Report};

/// Set for the process inside the namespace.
const INSIDE: &str = "VMKIT_TEST_INSIDE_NAMESPACE";

/// Runs `test` in a namespace with a link `v0` that leads nowhere, with networks of both address families.
#[track_caller]
fn in_namespace(name: &str, test: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("find this test: {error}"));
    let script = r#"ip link add v0 type veth peer name v1 && ip link set v0 up &&
        ip link set v1 up && ip address add 192.0.2.1/24 dev v0 &&
        ip address add 2001:db8::1/64 dev v0 nodad && exec "$0" --exact "$1" --nocapture"#;
    // A user namespace as well, for developers without root.
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-c", script])
        .arg(this)
        .arg(name)
        .env(INSIDE, "1")
        .output()
        .unwrap_or_else(|error| panic!("run unshare: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

const OWN: &str = "lladdr 52:54:00:00:00:01";
const OTHER: &str = "lladdr 3c:00:00:00:00:09";

/// Enters a neighbour into the kernel's table.
fn enter(address: &str, mac: &str, state: &str) {
    let entry = format!("neigh replace {address} dev v0 {mac} nud {state}");
    let status = Command::new("ip").args(entry.split_whitespace()).status();
    assert!(status.is_ok_and(|status| status.success()), "ip {entry}");
}

/// Address; MAC and state before and after the probes; the observation after them. An empty state means no
/// entry.
type Row = (&'static str, (&'static str, &'static str), (&'static str, &'static str), &'static str);

const ROWS: &[Row] = &[
    ("192.0.2.10", (OWN, "stale"), (OWN, "reachable"), "REACHABLE with the VM's MAC on v0"),
    ("192.0.2.11", (OWN, "stale"), (OTHER, "stale"), "STALE with 3c:00:00:00:00:09 on v0, no"),
    ("192.0.2.12", ("", ""), (OTHER, "reachable"), "REACHABLE with 3c:00:00:00:00:09 on v0, no"),
    (
        "192.0.2.13",
        ("", "failed"),
        ("", "failed"),
        "FAILED: the kernel asked and nobody answered on v0",
    ),
    (
        "192.0.2.14",
        ("", "failed"),
        ("", "incomplete"),
        "FAILED: the kernel asked and nobody answered",
    ),
    ("192.0.2.15", ("", ""), ("", "incomplete"), ""),
    ("192.0.2.16", ("", ""), ("", ""), ""),
    ("198.51.100.1", ("", ""), ("", ""), ""),
    ("2001:db8::12", ("", ""), (OTHER, "reachable"), "REACHABLE with 3c:00:00:00:00:09 on v0, no"),
    (
        "2001:db8::13",
        ("", ""),
        ("", "failed"),
        "FAILED: the kernel asked and nobody answered on v0",
    ),
    ("fe80::10", (OWN, "stale"), (OWN, "reachable"), "REACHABLE with the VM's MAC on v0"),
];

fn web(candidates: &[&str]) -> [Subject; 1] {
    let macs = vec![Mac::new([0x52, 0x54, 0, 0, 0, 1])];
    let candidates = candidates.iter().filter_map(|address| address.parse().ok()).collect();
    [Subject { name: "web".into(), macs, candidates, ..Subject::default() }]
}

fn asked(host: &FakeHost, signal: &Made, candidates: &[&str]) -> Vec<Observation> {
    let Report { observations, result, .. } = host.ask(signal, &web(candidates));
    assert_eq!(result, Ok(()));
    observations
}

/// Both readings of one signal, the second in two parts. The table changes in between.
fn looks(host: &dyn Fn() -> FakeHost, change: impl Fn()) -> [Vec<Observation>; 2] {
    let signal = Made::signal::<Arp>("{}");
    let first = asked(&host(), &signal, &[]);
    change();
    let addresses: Vec<_> = ROWS.iter().map(|row| row.0).collect();
    let (early, late) = addresses.split_at(4);
    let confirming = host().at_stage(Stage::Confirm);
    let mut second = asked(&confirming, &signal, early);
    second.extend(asked(&confirming, &signal, late));
    [first, second]
}

fn replayed(directory: &Path) -> FakeHost {
    let names = ["ip-neigh.json", "after-probes.json"].map(|name| format!("neigh/{name}"));
    names
        .iter()
        .fold(FakeHost::new(), |host, name| host.with_artefact_file(name, directory.join(name)))
}

#[test]
fn reports_and_records_what_the_probes_changed() {
    let name = "reports_and_records_what_the_probes_changed";
    in_namespace(name, || {
        let put = |of: fn(&Row) -> (&'static str, &'static str)| {
            for row in ROWS.iter().filter(|row| !of(row).1.is_empty()) {
                enter(row.0, of(row).0, of(row).1);
            }
        };
        put(|row| row.1);
        let directory = tempfile::tempdir().unwrap();
        let recording = || FakeHost::new().recording_to(directory.path());
        let [first, second] = looks(&recording, || put(|row| row.2));

        let on_own = |row: &&Row| row.1.0 == OWN;
        let mut known: Vec<_> = first.iter().map(|seen| seen.address.unwrap()).collect();
        known.sort_unstable();
        let expected: Vec<std::net::IpAddr> =
            ROWS.iter().filter(on_own).map(|row| row.0.parse().unwrap()).collect();
        assert_eq!(known, expected, "{first:?}");
        for (address, _, _, says) in ROWS {
            let about = second.iter().filter(|seen| seen.address == address.parse().ok());
            let said: Vec<_> = about.map(|seen| seen.says.as_str()).collect();
            let fits = match said[..] {
                [] => says.is_empty(),
                [said] => !says.is_empty() && said.starts_with(says),
                _ => false,
            };
            assert!(fits, "{address}: {said:?}");
        }

        let mut again = looks(&|| replayed(directory.path()), || {});
        let mut recorded = [first, second];
        for facts in recorded.iter_mut().chain(&mut again) {
            facts.sort_by_key(|seen| (seen.address, seen.says.clone()));
        }
        assert_eq!(recorded, again);
    });
}

#[test]
fn reports_the_same_without_a_recording() {
    in_namespace("reports_the_same_without_a_recording", || {
        enter("192.0.2.10", OWN, "permanent");
        let [first, second] = looks(&FakeHost::new, || enter("192.0.2.11", OTHER, "permanent"));
        let says = |facts: &[Observation]| -> Vec<String> {
            facts
                .iter()
                .map(|seen| format!("{} {}", seen.address.unwrap(), seen.kind.code()))
                .collect()
        };
        assert_eq!(says(&first), ["192.0.2.10 neighbour-permanent"]);
        let expected = ["192.0.2.10 neighbour-permanent", "192.0.2.11 neighbour-other-mac"];
        assert_eq!(says(&second), expected);
    });
}
