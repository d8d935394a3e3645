//! `vm status` on real guests: what it says of each state that a machine can be in.
#![cfg(target_os = "linux")]

use std::{fs, net::Ipv4Addr};

use serde_json::{Value, json};
use vmkit_lab::{Guest, GuestKind, GuestPlan, Lab, or_skip};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
const NEXT_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 60);

/// A lab in which the guest has [`ADDRESS`] and the host's ARP table knows it.
fn healthy(test: &str, plan: &GuestPlan) -> Option<(Lab, Guest)> {
    let mut lab = or_skip(Lab::new(test))?;
    let guest = lab.start_at(plan, ADDRESS).expect("a guest with a lease");
    Some((lab, guest))
}

/// The state, the address and the verdict, in one comparison.
#[track_caller]
fn assert_status(lab: &Lab, state: &str, ip: Option<Ipv4Addr>, verdict: &str) -> Value {
    let machine = lab.status("web").expect("a status");
    let said = json!([machine["state"], machine["ip"], machine["verdict"]]);
    let expected = json!([state, ip.map(|ip| ip.to_string()), verdict]);
    assert_eq!(said, expected, "{machine:#}");
    machine
}

/// The signals that speak for the picked address.
fn signals(machine: &Value) -> Vec<&str> {
    let picked = &machine["ip"];
    let candidates = machine["candidates"].as_array().into_iter().flatten();
    let candidate = candidates.into_iter().find(|candidate| candidate["ip"] == *picked);
    let evidence = candidate.and_then(|candidate| candidate["evidence"].as_array());
    evidence.into_iter().flatten().filter_map(|item| item["signal"].as_str()).collect()
}

#[test]
fn finds_a_guest_by_arp_and_console() {
    let plan = GuestPlan::new("web", GuestKind::Machine);
    let Some((lab, guest)) = healthy("found", &plan) else { return };
    let machine = assert_status(&lab, "running", Some(ADDRESS), "resolved");
    assert_eq!(machine["pid"], guest.process_id());
    assert_eq!(machine["mac"], guest.mac().to_string());
    assert_eq!(machine["ssh"]["state"], "ready", "{machine:#}");
    let signals = signals(&machine);
    for signal in ["arp", "console"] {
        assert!(signals.contains(&signal), "{signal} is not among {signals:?}: {machine:#}");
    }
}

#[test]
fn follows_a_reboot_to_a_new_lease() {
    let plan = GuestPlan::new("web", GuestKind::Machine);
    let Some((mut lab, guest)) = healthy("reboot", &plan) else { return };
    lab.router().reserve(plan.mac(), NEXT_ADDRESS).expect("a reservation");
    guest.reset().expect("a reset");
    lab.wait_for_lease(&guest, NEXT_ADDRESS).expect("a new lease");
    lab.greet(NEXT_ADDRESS).expect("an answer");

    let neighbours = lab.host().ip("neigh show dev br0").expect("the ARP table");
    let old = format!("{ADDRESS} lladdr {}", guest.mac());
    assert!(neighbours.contains(&old), "the old address must still be known:\n{neighbours}");
    assert!(guest.says_it_has(ADDRESS).expect("a console"), "the log must hold the old boot");
    assert_status(&lab, "running", Some(NEXT_ADDRESS), "resolved");
}

#[test]
fn a_guest_without_a_dhcp_server_is_initializing() {
    let Some(mut lab) = or_skip(Lab::new("no-address")) else { return };
    lab.router().stop_dhcp();
    let plan = GuestPlan::new("web", GuestKind::Machine);
    let guest = lab.start(&plan).expect("a guest");
    guest.wait_for_console("broadcasting discover").expect("a guest that asks");
    let machine = assert_status(&lab, "initializing", None, "no-address");
    assert_eq!(machine["ssh"]["state"], "not-checked", "{machine:#}");
}

#[test]
fn a_guest_with_stopped_processors_is_paused() {
    let plan = GuestPlan::new("web", GuestKind::Machine);
    let Some((lab, guest)) = healthy("paused", &plan) else { return };
    guest.pause().expect("a pause");
    let machine = lab.status("web").expect("a status");
    assert_eq!(machine["state"], "paused", "{machine:#}");
}

#[test]
fn a_guest_without_ssh_is_booting() {
    let plan = GuestPlan::new("web", GuestKind::Machine).without_ssh();
    let Some((lab, _guest)) = healthy("booting", &plan) else { return };
    let machine = assert_status(&lab, "booting", Some(ADDRESS), "resolved");
    assert_eq!(machine["ssh"]["state"], "refused", "{machine:#}");
}

#[test]
fn a_guest_after_vm_stop_is_stopped() {
    let plan = GuestPlan::new("web", GuestKind::Namespace);
    let Some((lab, mut guest)) = healthy("stopped", &plan) else { return };
    guest.stop().expect("an end");
    assert_status(&lab, "stopped", None, "not-running");
}

#[test]
fn ignores_a_pid_of_another_program() {
    let plan = GuestPlan::new("web", GuestKind::Namespace);
    let Some((lab, mut guest)) = healthy("stale-pid", &plan) else { return };
    guest.stop().expect("an end");
    fs::write(guest.pid_file(), format!("{}\n", std::process::id())).expect("a pid file");
    assert_status(&lab, "stopped", None, "not-running");
}

#[test]
fn ignores_a_pid_of_another_vm() {
    let plan = GuestPlan::new("web", GuestKind::Namespace);
    let Some((mut lab, mut guest)) = healthy("other-pid", &plan) else { return };
    guest.stop().expect("an end");
    let other = lab.start(&GuestPlan::new("db", GuestKind::Namespace)).expect("a guest");
    fs::write(guest.pid_file(), format!("{}\n", other.process_id())).expect("a pid file");
    assert_status(&lab, "stopped", None, "not-running");
}

#[test]
fn a_vm_without_a_directory_is_missing() {
    let Some(mut lab) = or_skip(Lab::new("missing")) else { return };
    lab.register(&GuestPlan::new("web", GuestKind::Namespace)).expect("an entry");
    assert_status(&lab, "missing", None, "not-running");
}

#[test]
fn finds_two_guests_at_their_own_addresses() {
    let plan = GuestPlan::new("web", GuestKind::Namespace);
    let Some((mut lab, _guest)) = healthy("two", &plan) else { return };
    let other_plan = GuestPlan::new("db", GuestKind::Namespace);
    let _other = lab.start_at(&other_plan, NEXT_ADDRESS).expect("a guest with a lease");
    assert_status(&lab, "running", Some(ADDRESS), "resolved");
    let machine = lab.status("db").expect("a status");
    assert_eq!(machine["ip"], NEXT_ADDRESS.to_string(), "{machine:#}");
}
