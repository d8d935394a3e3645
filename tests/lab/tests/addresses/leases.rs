//! Leases that change, and addresses that nobody leased.

use crate::{
    ADDRESS, NEXT_ADDRESS, SETTLED, forget_neighbours, healthy, inside, keep_neighbours,
    scenario::{DOUBTFUL, Expected, RESOLVED, Scenario},
    web,
};

const HEALTHY: Scenario = Scenario {
    name: "healthy",
    title: "nothing: a machine with a lease that the host has spoken with",
    why: "ARP, console and SSH agree",
    machines: &[Expected {
        says: &[("192.168.77.50", "REACHABLE with the VM's MAC on br0")],
        ..RESOLVED
    }],
};

#[test]
fn finds_a_vm_at_its_lease() {
    let Some((lab, _guest)) = healthy("healthy", &web()) else { return };
    HEALTHY.check(&lab);
}

const CHANGE: Scenario = Scenario {
    name: "lease-change",
    title: "the DHCP server refused to renew the lease and gave another address",
    why: "the machine answers at the new one, and its console names that last",
    machines: &[Expected {
        truth: &["192.168.77.60"],
        ip: Some("192.168.77.60"),
        flags: &[("192.168.77.60", &[])],
        ..RESOLVED
    }],
};

#[test]
fn follows_a_new_lease() {
    let Some((mut lab, guest)) = healthy("lease-change", &web()) else { return };
    lab.router().reserve(guest.mac(), NEXT_ADDRESS).expect("a reservation");
    guest.renew_lease().expect("a request");
    lab.wait_for_lease(&guest, NEXT_ADDRESS).expect("a new lease");
    lab.greet(NEXT_ADDRESS).expect("an answer");
    CHANGE.check(&lab);
}

const MOVED: Scenario = Scenario {
    name: "stale-arp",
    title: "the guest has another address now; the ARP table holds the old one, too",
    why: "the new entry was just confirmed, and nobody answers at the old one",
    machines: &[Expected {
        truth: &["192.168.77.60"],
        ip: Some("192.168.77.60"),
        flags: &[("192.168.77.60", &[])],
        ..RESOLVED
    }],
};

const MOVED_UNHEARD: Scenario = Scenario {
    name: "stale-arp-unheard",
    title: "the guest has another address that no signal names; the ARP table holds the old one",
    why: "nobody answers at the old address, whatever the table holds",
    machines: &[Expected {
        truth: &["192.168.77.60"],
        knowable: false,
        verdict: DOUBTFUL,
        ip: Some("192.168.77.50"),
        flags: &[],
        says: &[("192.168.77.50", "nobody answers ARP"), ("192.168.77.50", "with the VM's MAC")],
        ..RESOLVED
    }],
};

/// A guest that moved to [`NEXT_ADDRESS`] without a word on its console.
fn moved(test: &str) -> Option<(vmkit_lab::Lab, vmkit_lab::Guest)> {
    let (lab, mut guest) = healthy(test, &web())?;
    guest.end_dhcp();
    inside(&guest).ip("address flush dev eth0").expect("no address");
    inside(&guest).ip(&format!("address add {NEXT_ADDRESS}/24 dev eth0")).expect("an address");
    std::fs::write(guest.console_file(), "[    0.000000] Linux version 6.1.0-lab\n")
        .expect("a console without addresses");
    Some((lab, guest))
}

#[test]
fn prefers_a_fresh_entry_to_a_stale_one() {
    let Some((lab, guest)) = moved("stale-arp") else { return };
    guest.wait_for_age(SETTLED).expect("a machine that is up");
    lab.greet(NEXT_ADDRESS).expect("an answer");
    MOVED.check(&lab);
}

#[test]
fn does_not_trust_a_stale_entry_alone() {
    let Some((lab, guest)) = moved("stale-arp-unheard") else { return };
    guest.wait_for_age(SETTLED).expect("a machine that is up");
    forget_neighbours(&lab);
    keep_neighbours(&lab);
    let entry = format!("neigh replace {ADDRESS} lladdr {} dev br0 nud stale", guest.mac());
    lab.host().ip(&entry).expect("an old entry");
    MOVED_UNHEARD.check(&lab);
}
