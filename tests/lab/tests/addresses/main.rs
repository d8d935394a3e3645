//! The picks of `vm status` on real networks with one fault, and the same picks and accounts from
//! their snapshots.
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

/// The MAC of a host that is not a VM.
const STRANGER: &str = "3c:00:00:00:00:09";

/// The age from which a VM's silence counts, plus a second for rounding.
const SETTLED: Duration = Duration::from_secs(31);

/// The plan of a guest whose network is a namespace.
fn web() -> GuestPlan {
    GuestPlan::new("web", GuestKind::Namespace)
}

/// A lab whose guest has [`ADDRESS`], is in the host's ARP table, and is found there by `vm`.
fn healthy(test: &str, plan: &GuestPlan) -> Option<(Lab, Guest)> {
    let mut lab = or_skip(Lab::new(test))?;
    let guest = lab.start_at(plan, ADDRESS).expect("a guest with a lease");
    assert_healthy(&lab);
    Some((lab, guest))
}

/// Checks that `vm` finds `web` at [`ADDRESS`].
fn assert_healthy(lab: &Lab) {
    let machine = lab.status("web").expect("a status");
    assert_eq!(
        (machine["verdict"].as_str(), machine["ip"].as_str()),
        (Some("resolved"), Some(ADDRESS.to_string().as_str())),
        "not healthy at first: {machine:#}"
    );
}

/// A shell command that runs a DHCP client in a guest. Mounts hide this computer's files from the client,
/// since the guest is only a network namespace.
fn own_files(lab: &Lab, client: &str) -> String {
    let resolvers = lab.folder().join("guest-resolv.conf");
    let resolvers = resolvers.display();
    format!(
        "touch {resolvers} && mount --bind {resolvers} /etc/resolv.conf && \
         mkdir -p /run/dhcpcd && mount -t tmpfs none /run/dhcpcd && \
         mount -t tmpfs none /var/lib/dhcpcd && exec {client}"
    )
}

/// Adds an unknown host with this address to the bridge.
fn stranger(lab: &Lab, address: Ipv4Addr) -> Namespace {
    let stranger = lab.join("other", "other0").expect("another host");
    stranger.ip(&format!("link set eth0 address {STRANGER}")).expect("its MAC");
    stranger.ip(&format!("address add {address}/24 dev eth0")).expect("its address");
    stranger
}

/// The namespace of a guest.
fn inside(guest: &Guest) -> &Namespace {
    guest.namespace().expect("a namespace")
}

/// Makes the host give up on a silent address after 0.1 s instead of 3 s, which may be before or after
/// the end of a probe.
fn give_up_soon(lab: &Lab) {
    for (setting, value) in [("mcast_solicit", "1"), ("retrans_time_ms", "100")] {
        lab.host().set(&format!("ipv4.neigh.br0.{setting}"), value).expect("a quick host");
    }
}

/// Makes the host keep the known one of several holders of an address. Otherwise the first answer, which
/// is random, would win.
fn keep_neighbours(lab: &Lab) {
    for (setting, value) in [("locktime", "360000"), ("delay_first_probe_time", "120")] {
        lab.host().set(&format!("ipv4.neigh.br0.{setting}"), value).expect("a table that stays");
    }
}

/// Clears the host's ARP table.
fn forget_neighbours(lab: &Lab) {
    lab.host().ip("neigh flush all").expect("an empty ARP table");
}
