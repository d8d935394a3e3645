//! Copies that kept what should be a machine's own.

use vmkit_lab::{GuestKind, GuestPlan, Lab, or_skip};

use crate::{
    ADDRESS, NEXT_ADDRESS, assert_healthy, healthy, keep_neighbours,
    scenario::{DOUBTFUL, Expected, RESOLVED, Scenario},
    web,
};

/// A DUID that systemd makes from the machine-id, behind its IAID.
const CLIENT_ID: &str = "ffb6220feb00020000ab11b5a8d3c1e2f40718";

const ONE_LEASE: Scenario = Scenario {
    name: "clones-one-lease",
    title: "a clone kept the machine-id: the DHCP server gives both machines one address",
    why: "each has as much right to it; neither may be preferred in silence",
    machines: &[
        Expected {
            knowable: false,
            verdict: DOUBTFUL,
            flags: &[("192.168.77.50", &["duplicate-ip"])],
            notes: &["is also held by copy"],
            ..RESOLVED
        },
        Expected {
            name: "copy",
            knowable: false,
            verdict: DOUBTFUL,
            flags: &[("192.168.77.50", &["duplicate-ip"])],
            notes: &["is also held by web"],
            ..RESOLVED
        },
    ],
};

#[test]
fn doubts_clones_that_share_a_lease() {
    let Some(mut lab) = or_skip(Lab::new("clones")) else { return };
    lab.router().reserve_client(CLIENT_ID, ADDRESS).expect("a reservation");
    let web = lab.start(&web().with_client_id(CLIENT_ID)).expect("a guest");
    lab.wait_for_lease(&web, ADDRESS).expect("a lease");
    lab.greet(ADDRESS).expect("an answer");
    assert_healthy(&lab);
    let copy = GuestPlan::new("copy", GuestKind::Namespace).with_client_id(CLIENT_ID);
    let copy = lab.start(&copy).expect("a guest");
    lab.wait_for_lease(&copy, ADDRESS).expect("the same lease");
    keep_neighbours(&lab);
    ONE_LEASE.check(&lab);
}

const ONE_MAC: Scenario = Scenario {
    name: "clones-one-mac",
    title: "two machines have one MAC, and so one lease",
    why: "what the network says of the MAC is true of either of them",
    machines: &[
        Expected {
            knowable: false,
            verdict: DOUBTFUL,
            flags: &[("192.168.77.50", &["duplicate-mac"])],
            notes: &["is also that of copy"],
            ..RESOLVED
        },
        Expected {
            name: "copy",
            knowable: false,
            verdict: DOUBTFUL,
            flags: &[("192.168.77.50", &["duplicate-mac"])],
            notes: &["is also that of web"],
            ..RESOLVED
        },
    ],
};

#[test]
fn doubts_vms_with_the_same_mac() {
    let Some((mut lab, guest)) = healthy("one-mac", &web()) else { return };
    let copy = GuestPlan::new("copy", GuestKind::Namespace).with_mac(guest.mac());
    let copy = lab.start(&copy).expect("a guest");
    lab.wait_for_lease(&copy, ADDRESS).expect("the same lease");
    ONE_MAC.check(&lab);
}

const TWO: Scenario = Scenario {
    name: "healthy-two",
    title: "nothing: two machines, each with a lease of its own",
    why: "each answers at its address with its MAC",
    machines: &[
        RESOLVED,
        Expected {
            name: "db",
            truth: &["192.168.77.60"],
            ip: Some("192.168.77.60"),
            flags: &[("192.168.77.60", &[])],
            ..RESOLVED
        },
    ],
};

#[test]
fn finds_two_vms_at_their_own_addresses() {
    let Some((mut lab, _guest)) = healthy("two", &web()) else { return };
    let plan = GuestPlan::new("db", GuestKind::Namespace);
    let _other = lab.start_at(&plan, NEXT_ADDRESS).expect("a guest with a lease");
    TWO.check(&lab);
}
