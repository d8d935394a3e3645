//! `vm doctor --fix` and `--provoke` on real faults of a real host, with a real guest.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;

use serde_json::Value;
use vmkit_lab::{Finished, Guest, GuestKind, GuestPlan, Lab, or_skip};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);

/// A fault of the host, the remedy that is asked for, and what comes of it.
struct Row {
    name: &'static str,
    /// A shell's line, in the host's namespace, once the machine's port `tap1` is there.
    breaks: &'static str,
    cause: &'static str,
    remedy: &'static str,
    outcome: &'static str,
    /// What `bridge -d link show dev tap1` says afterwards.
    port: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        name: "fix-join",
        breaks: "ip link set tap1 nomaster",
        cause: "host-port-not-bridged",
        remedy: "join-bridge",
        outcome: "fixed",
        port: "master br0 state forwarding",
    },
    Row {
        name: "fix-blocked",
        breaks: "bridge link set dev tap1 state 0",
        cause: "host-bridge-port-blocked",
        remedy: "port-forwarding",
        outcome: "fixed",
        port: "state forwarding",
    },
    Row {
        name: "fix-delay",
        breaks: "ip link set br0 type bridge stp_state 1 forward_delay 3000 && \
                 ip link set tap1 down && ip link set tap1 up",
        cause: "host-bridge-forward-delay",
        remedy: "bridge-no-delay",
        outcome: "fixed",
        port: "state forwarding",
    },
    // The rule is in the bridge's own table, which this remedy does not touch.
    Row {
        name: "fix-in-vain",
        breaks: "nft 'table bridge f { chain c { type filter hook forward priority 0; policy drop; \
                 counter; }; }'",
        cause: "host-firewall-drops-bridged",
        remedy: "bridge-filter-off",
        outcome: "not-fixed",
        port: "state forwarding",
    },
];

/// Keeps a guest without an address while its port comes up: that would undo a fault of the port.
const HOLD: &str = "nft 'table bridge hold { chain c { type filter hook forward priority 0; \
                    policy drop; }; }'";

/// A lab whose guest asks for its first address when its host is broken.
fn broken(test: &str, breaks: &str) -> Option<(Lab, Guest)> {
    let mut lab = or_skip(Lab::new(test))?;
    let plan = GuestPlan::new("web", GuestKind::Machine);
    lab.router().reserve(plan.mac(), ADDRESS).expect("a reservation");
    shell(&lab, HOLD);
    let guest = lab.start(&plan).expect("a guest");
    guest.wait_for_console("broadcasting discover").expect("a guest that asks");
    shell(&lab, breaks);
    shell(&lab, "nft delete table bridge hold");
    Some((lab, guest))
}

fn shell(lab: &Lab, line: &str) -> String {
    let mut command = lab.host().command("sh");
    vmkit_lab::run(command.args(["-c", line])).expect(line)
}

fn doctor(lab: &Lab, options: &[&str]) -> (Finished, Value) {
    let arguments = [&["doctor", "web", "--json"], options].concat();
    let finished = lab.vm(&arguments).expect("a diagnosis");
    let report: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"));
    (finished, report)
}

/// What matters of a report.
fn shown(report: &Value) -> String {
    let causes = report["vms"][0]["causes"].as_array().into_iter().flatten();
    let causes: Vec<String> =
        causes.map(|cause| format!("{} {}", cause["code"], cause["probability"])).collect();
    format!("{causes:?}\n{:#}\n{:#}", report["fixes"], report["left_out"])
}

#[test]
fn what_is_called_fixed_is_fixed_and_what_is_not_is_not() {
    for row in ROWS {
        let Some((lab, guest)) = broken(row.name, row.breaks) else { return };
        let (finished, report) = doctor(&lab, &[&format!("--fix={}", row.remedy)]);
        let what = format!("{}: {}\n{}", row.name, shown(&report), finished.stderr);
        let fix = &report["fixes"][0];
        let told = [&fix["cause"], &fix["remedy"], &fix["outcome"]];
        assert_eq!(told, [row.cause, row.remedy, row.outcome], "{what}");
        let port = shell(&lab, "bridge -d link show dev tap1");
        assert!(port.contains(row.port), "{port}\n{what}");
        if row.outcome == "fixed" {
            lab.wait_for_lease(&guest, ADDRESS).expect("a lease");
        } else {
            let says = fix["says"].as_str().unwrap_or_default();
            assert!(says.contains("measured again"), "{fix:#}");
            assert!(!fix["undo"].as_str().unwrap_or_default().is_empty(), "{fix:#}");
        }
    }
}

#[test]
fn nothing_is_changed_unasked() {
    let Some((lab, _guest)) = broken("fix-unasked", "ip link set tap1 nomaster") else { return };
    for options in [&["--fix"][..], &["--fix", "--yes"], &["--fix=port-forwarding"], &[]] {
        let (_, report) = doctor(&lab, options);
        let fixes = report["fixes"].as_array().map(Vec::len);
        assert_eq!(fixes, Some(0), "{options:?}: {}", shown(&report));
        let port = shell(&lab, "ip link show dev tap1");
        assert!(!port.contains("master"), "{options:?}: {port}");
    }
    let (_, report) = doctor(&lab, &["--fix"]);
    let left_out = report["left_out"].as_array().into_iter().flatten();
    let mut commands = left_out.filter_map(|left_out| left_out["command"].as_str());
    assert!(
        commands.any(|command| command == "vm doctor web --fix=join-bridge"),
        "{}",
        shown(&report)
    );
    let refused = lab.vm(&["doctor", "web", "--fix=no-such-remedy"]).expect("an end");
    assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
}
