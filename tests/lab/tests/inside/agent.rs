//! What a guest says by its agent, which needs no network: QEMU's own agent in a guest of its own.

use std::path::PathBuf;

use serde_json::Value;
use vmkit_lab::{Finished, Guest, GuestKind, GuestPlan, Lab, finish, or_skip};

use crate::{ADDRESS, causes, finding, keep};

/// A guest with an agent, whose SSH server is only its banner, so that nobody can log in.
struct Site {
    lab: Lab,
    guest: Guest,
}

impl Site {
    fn new(test: &str, kernel_words: &'static str) -> Option<Self> {
        let plan = GuestPlan::new("web", GuestKind::Machine);
        let plan = plan.with_containers().with_kernel_words(kernel_words);
        let mut lab = or_skip(Lab::new(test))?;
        lab.router().reserve(plan.mac(), ADDRESS).expect("a reservation");
        let guest = lab.start(&plan).expect("a guest");
        guest.wait_for_console("web login:").expect("a boot");
        guest.wait_for_agent().expect("an agent");
        Some(Self { lab, guest })
    }

    fn doctor(&self, options: &[&str]) -> (Finished, Value) {
        let arguments = [&["doctor", "web", "--json"], options].concat();
        let finished = finish(&mut self.lab.vm_command(&arguments)).expect("an end");
        let report = serde_json::from_str(&finished.stdout).unwrap_or_default();
        (finished, report)
    }

    fn record(&self) -> PathBuf {
        self.lab.folder().join("record")
    }
}

/// A fault, the words that make it, what is wrong, and a finding that only the guest's word gives.
struct Row {
    name: &'static str,
    words: &'static str,
    cause: &'static str,
    finding: &'static str,
    state: &'static str,
    says: &'static str,
    has_address: bool,
}

const ROWS: [Row; 3] = [
    Row {
        name: "inside-agent-no-client",
        words: "nodhcp",
        cause: "guest-no-dhcp-client",
        finding: "guest-has-no-dhcp-client",
        state: "present",
        says: "nothing in the guest asks for eth0 (52:54:00:4b:5e:57)",
        has_address: false,
    },
    Row {
        name: "inside-agent-static-elsewhere",
        words: "fault=static nodhcp",
        cause: "guest-static-wrong-subnet",
        finding: "guest-has-no-default-route",
        state: "absent",
        says: "the guest's default route is by 10.20.30.1",
        has_address: false,
    },
    Row {
        name: "inside-agent-no-route",
        words: "noroute",
        cause: "guest-no-default-route",
        finding: "guest-has-no-default-route",
        state: "present",
        says: "192.168.77.50/24 and no default route",
        has_address: true,
    },
];

#[test]
fn a_guest_that_nobody_can_log_in_to_is_asked_by_its_agent() {
    for Row { name, words, cause, finding: code, state, says, has_address } in ROWS {
        let Some(site) = Site::new(name, words) else { return };
        if has_address {
            site.lab.wait_for_lease(&site.guest, ADDRESS).expect("a lease");
            site.lab.greet(ADDRESS).expect("an answer");
        }
        let (_, report) = site.doctor(&["--yes"]);
        assert!(finding(&report, code).contains("not-observed"), "{name}: nobody asked for it");
        assert_eq!(report["vms"][0]["inside"], Value::Null, "{name}");

        let path = site.record();
        let path = path.to_str().expect("a plain path");
        let (live, report) = site.doctor(&["--yes", "--inside", "--save", path]);
        let (again, replayed) = site.doctor(&["--from", path]);
        for report in [&report, &replayed] {
            let said = finding(report, code);
            assert!(said.contains(state) && said.contains(says), "{name}: {said} {}", live.stderr);
            assert_eq!(causes(report), [cause], "{name}: {report:#}");
            assert_eq!(report["vms"][0]["inside"], "guest-agent", "{name}");
        }
        assert_eq!(live.status, again.status, "{name}");
        keep(name, &[cause], &site.record());
    }
}

#[test]
fn an_agent_that_runs_no_commands_says_so() {
    let Some(site) = Site::new("inside-agent-blocked", "nodhcp noexec") else { return };
    let (_, report) = site.doctor(&["--inside"]);
    let said = finding(&report, "guest-has-no-default-route");
    for part in ["not-observed", "permission denied", "guest-exec", "disabled", "by SSH: "] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let why = report["vms"][0]["unknown"]["inside"].as_str().unwrap_or_default();
    assert!(why.contains("guest-exec"), "{report:#}");
}
