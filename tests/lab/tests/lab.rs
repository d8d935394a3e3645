//! The lab itself: its guests get real leases and answer.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;

use vmkit_lab::{GuestKind, GuestPlan, Lab, or_skip};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);

/// The guest gets the address that the router reserves, and the host sees it with the guest's MAC.
fn guest_is_reached(kind: GuestKind, test: &str) {
    let Some(mut lab) = or_skip(Lab::new(test)) else { return };
    let plan = GuestPlan::new("web", kind);
    let guest = lab.start_at(&plan, ADDRESS).expect("a guest with a lease");
    let neighbours = lab.host().ip("neigh show dev br0").expect("the ARP table");
    let line = format!("{ADDRESS} lladdr {}", guest.mac());
    assert!(neighbours.contains(&line), "no `{line}` in:\n{neighbours}");
}

#[test]
fn reaches_a_linux_guest_at_its_lease() {
    guest_is_reached(GuestKind::Machine, "machine");
}

#[test]
fn reaches_a_namespace_guest_at_its_lease() {
    guest_is_reached(GuestKind::Namespace, "namespace");
}
