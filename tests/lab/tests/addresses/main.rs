//! Which address `vm status` picks on a real network where one thing is wrong, and why; and that
//! the record of such a moment gives the same answer with the same account.
//!
//! With `UPDATE_LAB_CORPUS` set, the records replace those in `tests/corpus/lab`.
#![cfg(target_os = "linux")]

mod account;
mod boots;
mod check;
mod claims;
mod clients;
mod clones;
mod corpus;
mod families;
mod leases;
mod scenario;
mod strangers;

use std::{net::Ipv4Addr, time::Duration};

use vmkit_lab::{Guest, GuestKind, GuestPlan, Lab, Namespace, or_skip};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
const NEXT_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 60);

/// The MAC of a host that is no machine.
const STRANGER: &str = "3c:00:00:00:00:09";

/// From this age on a machine's silence counts; with a second for rounding.
const GROWN_UP: Duration = Duration::from_secs(31);

/// The plan of a guest whose network is a namespace.
fn web() -> GuestPlan {
    GuestPlan::new("web", GuestKind::Namespace)
}

/// A lab in which the guest has [`ADDRESS`], the host's ARP table knows it, and `vm` finds it there.
fn healthy(test: &str, plan: &GuestPlan) -> Option<(Lab, Guest)> {
    let mut lab = or_skip(Lab::new(test))?;
    let guest = join(&mut lab, plan, ADDRESS);
    assert_healthy(&lab);
    Some((lab, guest))
}

/// `vm` finds the machine `web` at [`ADDRESS`].
fn assert_healthy(lab: &Lab) {
    let machine = lab.status("web").expect("a status");
    assert_eq!(
        (machine["verdict"].as_str(), machine["ip"].as_str()),
        (Some("resolved"), Some(ADDRESS.to_string().as_str())),
        "not healthy at first: {machine:#}"
    );
}

/// A guest that got this address from the router and was greeted by the host.
fn join(lab: &mut Lab, plan: &GuestPlan, address: Ipv4Addr) -> Guest {
    lab.router().reserve(plan.mac(), address).expect("a reservation");
    let guest = lab.start(plan).expect("a guest");
    lab.wait_for_lease(&guest, address).expect("a lease");
    lab.greet(address).expect("an answer");
    guest
}

/// A shell command that runs a DHCP client in a guest. What clients keep and what their hooks write
/// is the guest's own: a namespace of the network has this computer's files.
fn own_files(lab: &Lab, client: &str) -> String {
    let resolvers = lab.folder().join("guest-resolv.conf");
    let resolvers = resolvers.display();
    format!(
        "touch {resolvers} && mount --bind {resolvers} /etc/resolv.conf && \
         mkdir -p /run/dhcpcd && mount -t tmpfs none /run/dhcpcd && \
         mount -t tmpfs none /var/lib/dhcpcd && exec {client}"
    )
}

/// Another host on the bridge, of whom vmkit knows nothing, at this address.
fn stranger(lab: &Lab, address: Ipv4Addr) -> Namespace {
    let stranger = lab.join("other", "other0").expect("another host");
    stranger.ip(&format!("link set eth0 address {STRANGER}")).expect("its MAC");
    stranger.ip(&format!("address add {address}/24 dev eth0")).expect("its address");
    stranger
}

/// The network of a guest that is a namespace.
fn inside(guest: &Guest) -> &Namespace {
    guest.namespace().expect("a namespace")
}

/// The host finds out within a tenth of a second that nobody is at an address, not within 3 s: whether
/// a probe ends before or after that would be chance.
fn give_up_soon(lab: &Lab) {
    for (setting, value) in [("mcast_solicit", "1"), ("retrans_time_ms", "100")] {
        lab.host().set(&format!("ipv4.neigh.br0.{setting}"), value).expect("a quick host");
    }
}

/// Of several who answer for an address the host keeps the one that it knows: who answers first is
/// chance, and would change between two looks.
fn keep_neighbours(lab: &Lab) {
    for (setting, value) in [("locktime", "360000"), ("delay_first_probe_time", "120")] {
        lab.host().set(&format!("ipv4.neigh.br0.{setting}"), value).expect("a table that stays");
    }
}

/// The host knows nobody by ARP.
fn forget_neighbours(lab: &Lab) {
    lab.host().ip("neigh flush all").expect("an empty ARP table");
}
