//! `vm doctor --fix` and `--provoke` on real faults of a real host, with a real guest.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::Ipv4Addr,
    process::{Command, Stdio},
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use vmkit_lab::{
    Finished, Guest, GuestKind, GuestPlan, Lab, PATIENCE, Process, or_skip, wait_until,
};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);

/// A fault of the host, a remedy, and the outcome.
struct Row {
    name: &'static str,
    /// A shell command for the host's namespace, run once the VM's port `tap1` exists.
    breaks: &'static str,
    cause: &'static str,
    remedy: &'static str,
    outcome: &'static str,
    /// A part of `bridge -d link show dev tap1` afterwards.
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
    // A rule that accepts in one table does not keep another table from dropping.
    Row {
        name: "fix-in-vain",
        breaks: "sysctl -qw net.bridge.bridge-nf-call-iptables=1 && \
                 nft 'table ip f { chain c { type filter hook forward priority 10; policy drop; \
                 counter; }; }'",
        cause: "host-firewall-drops-bridged",
        remedy: "allow-bridge-forwarding",
        outcome: "not-fixed",
        port: "state forwarding",
    },
];

/// Keeps a guest without an address while its port comes up: that would undo a fault of the port.
const HOLD: &str = "nft 'table bridge hold { chain c { type filter hook forward priority 0; \
                    policy drop; }; }'";

/// A lab whose host is broken when the guest asks for its first address.
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

/// The relevant parts of a report.
fn shown(report: &Value) -> String {
    let causes = report["vms"][0]["causes"].as_array().into_iter().flatten();
    let causes: Vec<String> =
        causes.map(|cause| format!("{} {}", cause["code"], cause["probability"])).collect();
    format!("{causes:?}\n{:#}\n{:#}", report["fixes"], report["left_out"])
}

#[test]
fn reports_a_fix_only_if_it_worked() {
    for row in ROWS {
        let Some((lab, guest)) = broken(row.name, row.breaks) else { return };
        let (finished, report) = doctor(&lab, &[&format!("--fix={}", row.remedy)]);
        let what = format!("{}: {}\n{}", row.name, shown(&report), finished.stderr);
        let fix = &report["fixes"][0];
        let fixed = [&fix["cause"], &fix["remedy"], &fix["outcome"]];
        assert_eq!(fixed, [row.cause, row.remedy, row.outcome], "{what}");
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
fn changes_nothing_without_consent() {
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

/// A guest that got no answer and rests, after the fault is removed.
fn resting(test: &str) -> Option<(Lab, Guest)> {
    let mut lab = or_skip(Lab::new(test))?;
    let plan = GuestPlan::new("web", GuestKind::Machine).with_kernel_words("rests");
    lab.router().reserve(plan.mac(), ADDRESS).expect("a reservation");
    shell(&lab, HOLD);
    let guest = lab.start(&plan).expect("a guest");
    // Said after the wait for the last answer: what passes from now on answers nothing.
    guest.wait_for_console("at rest").expect("a guest that has tried in vain");
    shell(&lab, "nft delete table bridge hold");
    Some((lab, guest))
}

/// The kinds of DHCP messages at the VM's port.
fn messages(report: &Value) -> Vec<&str> {
    let rungs = report["vms"][0]["dhcp"]["guest_side"].as_array().into_iter().flatten();
    rungs.filter(|rung| rung["seen"] == true).filter_map(|rung| rung["message"].as_str()).collect()
}

#[test]
fn provokes_a_resting_guest_to_ask() {
    let Some((lab, guest)) = resting("provoke") else { return };
    let (_, report) = doctor(&lab, &["--wait", "3"]);
    assert_eq!(messages(&report), [""; 0], "it asked without being provoked");
    let (unasked, report) = doctor(&lab, &["--provoke"]);
    assert!(!guest.console().expect("a console").contains("carrier back"), "{unasked:#?}");
    let left_out = shown(&report);
    assert!(left_out.contains("needs your consent"), "{left_out}");

    let began = Instant::now();
    let (finished, report) = doctor(&lab, &["--provoke", "--yes", "--wait", "480"]);
    let asked = messages(&report);
    let what = format!("{asked:?}: {}\n{}", shown(&report), finished.stderr);
    assert!(asked.starts_with(&["DISCOVER"]) && asked.contains(&"ACK"), "{what}");
    // Seven seconds without a link; the rest ends with the answer, not with the time.
    assert!(began.elapsed() < 2 * PATIENCE, "{:?}", began.elapsed());
    lab.wait_for_lease(&guest, ADDRESS).expect("a lease");
    let found = [&report["vms"][0]["ip"], &report["vms"][0]["verdict"]];
    assert_eq!(found, ["192.168.77.50", "resolved"], "{}", shown(&report));
}

#[test]
fn an_interrupt_gives_an_answer_and_restores_the_link() {
    let Some((lab, guest)) = resting("interrupt") else { return };
    let log = lab.folder().join("doctor.log");
    let mut command = lab.vm_command(&["doctor", "web", "--provoke", "--yes", "--wait", "480"]);
    let mut doctor = Process::start(&mut command, &log).expect("a doctor");
    let said = || fs::read_to_string(&log).unwrap_or_default();
    guest.wait_for_console("carrier lost").expect("an unplugged link");
    let id = doctor.id().try_into().ok().and_then(Pid::from_raw).expect("a process");
    kill_process(id, Signal::INT).expect("a signal");
    // Far less than it would wait for.
    wait_until(PATIENCE, "an answer", || Ok(!doctor.is_running()?)).expect("an end");
    assert!(said().contains("1 of 1 VM has a problem"), "{}", said());
    guest.wait_for_console("carrier back").expect("a link");
}

/// Runs `vm doctor` at a terminal of its own, answers each question by the first of these words whose
/// key the lines before it hold, and tells all that was shown.
fn at_a_terminal(lab: &Lab, options: &[&str], answers: &[(&str, &str)]) -> String {
    let inner = lab.vm_command(&[&["--color", "never", "doctor", "web"], options].concat());
    let words = [inner.get_program()].into_iter().chain(inner.get_args());
    let line: Vec<&str> = words.map(|word| word.to_str().expect("plain words")).collect();
    let mut command = Command::new("script");
    command.args(["--quiet", "--flush", "--return", "--command", &line.join(" "), "/dev/null"]);
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut terminal =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a terminal");
    let (mut keys, mut screen) =
        (terminal.stdin.take().expect("keys"), terminal.stdout.take().expect("a screen"));
    let (mut shown, mut asked, mut chunk) = (String::new(), 0, [0; 4096]);
    loop {
        let count = screen.read(&mut chunk).expect("a screen");
        if count == 0 {
            break;
        }
        shown.push_str(&String::from_utf8_lossy(&chunk[..count]));
        if shown[asked..].ends_with("[y/N] ") {
            let answer = answers.iter().find(|(key, _)| shown[asked..].contains(key));
            asked = shown.len();
            writeln!(keys, "{}", answer.map_or("n", |(_, word)| word)).expect("an answer");
        }
    }
    terminal.wait().expect("an end");
    shown
}

#[test]
fn asks_for_each_command_at_a_terminal() {
    let Some((lab, guest)) = broken("fix-asked", "ip link set tap1 nomaster") else { return };
    let master = || shell(&lab, "ip link show dev tap1").contains("master br0");
    let shown = at_a_terminal(&lab, &["--fix"], &[]);
    assert!(shown.contains("Run it? [y/N] n") && shown.contains("not wanted"), "{shown}");
    assert!(!master(), "{shown}");

    let shown = at_a_terminal(&lab, &["--fix"], &[("Run it?", "y")]);
    for word in ["link set tap1 master br0", "low risk", "To undo: sudo ip link set tap1 nomaster"]
    {
        assert!(shown.contains(word), "{word} is not in {shown}");
    }
    assert!(shown.contains("Put the VM's port into the bridge: fixed"), "{shown}");
    assert!(master(), "{shown}");
    lab.wait_for_lease(&guest, ADDRESS).expect("a lease");
}
