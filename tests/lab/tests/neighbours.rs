//! The neighbour table before and after the probes, on a real link.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;

use serde_json::Value;
use vmkit_lab::{Finished, Guest, GuestKind, GuestPlan, Lab, Namespace, finish, or_skip};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);

/// The MAC of the host that takes the guest's address.
const OTHER: &str = "3c:00:00:00:00:09";

/// A lab with a guest whose console says that it has [`ADDRESS`].
fn lab(test: &str) -> Option<(Lab, Guest)> {
    let plan = GuestPlan::new("web", GuestKind::Namespace);
    let mut lab = or_skip(Lab::new(test))?;
    let guest = lab.start_at(&plan, ADDRESS).expect("a guest with a lease");
    Some((lab, guest))
}

/// Another host has [`ADDRESS`], and the guest no longer.
fn handed_over(lab: &Lab, guest: &Guest) -> Namespace {
    guest.namespace().expect("a namespace").ip("address flush dev eth0").expect("no address");
    let other = lab.join("other", "other0").expect("another host");
    other.ip(&format!("link set eth0 address {OTHER}")).expect("its MAC");
    other.ip(&format!("address add {ADDRESS}/24 dev eth0")).expect("its address");
    other
}

/// The host knows nobody's MAC.
fn forget(lab: &Lab) {
    lab.host().ip("neigh flush all").expect("an empty table");
}

fn machine(finished: &Finished) -> Value {
    let report: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"));
    report["vms"][0].clone()
}

/// What the table said of an address, in the order of the ledger.
fn said_by_table<'a>(machine: &'a Value, address: &str) -> Vec<&'a str> {
    of_table(machine, address).into_iter().filter_map(|item| item["says"].as_str()).collect()
}

fn of_table<'a>(machine: &'a Value, address: &str) -> Vec<&'a Value> {
    let candidates = machine["candidates"].as_array().into_iter().flatten();
    let of_address = candidates.filter(|candidate| candidate["ip"] == address);
    let evidence = of_address.filter_map(|candidate| candidate["evidence"].as_array()).flatten();
    evidence.filter(|item| item["signal"] == "arp").collect()
}

#[test]
fn the_probe_updates_the_neighbour_table() {
    let Some((lab, guest)) = lab("neigh-probe") else { return };
    forget(&lab);
    let found = machine(&lab.vm(&["status", "--json"]).expect("a status"));
    assert_eq!(
        said_by_table(&found, &ADDRESS.to_string()),
        ["REACHABLE with the VM's MAC on br0"],
        "{found:#}"
    );
    assert_eq!(found["verdict"], "resolved", "{found:#}");

    let _other = handed_over(&lab, &guest);
    forget(&lab);
    let found = machine(&lab.vm(&["status", "--json"]).expect("a status"));
    let expected = format!("REACHABLE with {OTHER} on br0, not a listed VM's MAC");
    assert_eq!(said_by_table(&found, &ADDRESS.to_string()), [expected.as_str()], "{found:#}");
    assert_ne!(found["verdict"], "resolved", "{found:#}");
}

#[test]
fn a_replay_contains_both_readings() {
    let Some((lab, guest)) = lab("neigh-replay") else { return };
    let save = |name: &str| {
        let directory = lab.data_dir().join(name).to_str().expect("a plain path").to_owned();
        let saved = lab.vm(&["snapshot", "save", &directory]).expect("a snapshot");
        assert!(saved.status.success(), "{saved:#?}");
        machine(&lab.vm(&["status", "--json", "--from", &directory]).expect("a status"))
    };
    let known = format!("neigh replace {ADDRESS} dev br0 lladdr {} nud stale", guest.mac());
    lab.host().ip(&known).expect("an entry");
    let replayed = save("seen by both");
    let facts = of_table(&replayed, &ADDRESS.to_string());
    let counted: Vec<_> = facts.iter().map(|fact| fact["counted"] == true).collect();
    assert_eq!(counted, [true, false], "{replayed:#}");
    assert_eq!(facts[1]["says"], "STALE with the VM's MAC on br0", "{replayed:#}");

    let _other = handed_over(&lab, &guest);
    forget(&lab);
    let replayed = save("seen by the second");
    forget(&lab);
    let live = machine(&lab.vm(&["status", "--json"]).expect("a status"));
    let expected = format!("REACHABLE with {OTHER} on br0, not a listed VM's MAC");
    for machine in [&live, &replayed] {
        assert_eq!(said_by_table(machine, &ADDRESS.to_string()), [&expected], "{machine:#}");
    }
    for key in ["verdict", "ip"] {
        assert_eq!(live[key], replayed[key], "{live:#}\n{replayed:#}");
    }
}

#[test]
fn reports_ipv6_neighbours_with_their_interface() {
    let Some((lab, guest)) = lab("neigh-ipv6") else { return };
    let inside = guest.namespace().expect("a namespace");
    for (namespace, interface, address) in
        [(lab.host(), "br0", "2001:db8:77::1/64"), (inside, "eth0", "2001:db8:77::50/64")]
    {
        let setting = format!("ipv6.conf.{interface}.disable_ipv6");
        namespace.set(&setting, "0").expect("IPv6");
        let address = format!("-6 address add {address} dev {interface} nodad");
        namespace.ip(&address).expect("an address");
    }
    let own = guest.mac();
    let link_local = format!("-6 neigh replace fe80::50 dev br0 lladdr {own} router nud stale");
    lab.host().ip(&link_local).expect("an entry");
    let ping = ["ping", "-q", "-c", "1", "-W", "5", "2001:db8:77::50"];
    let greeted = finish(lab.host().command("busybox").args(ping)).expect("a ping");
    assert!(greeted.status.success(), "{greeted:#?}");

    let found = machine(&lab.vm(&["status", "--json"]).expect("a status"));
    let reachable = "REACHABLE with the VM's MAC on br0";
    assert_eq!(said_by_table(&found, "2001:db8:77::50"), [reachable; 2], "{found:#}");
    assert_eq!(said_by_table(&found, "fe80::50"), ["STALE with the VM's MAC on br0"], "{found:#}");
}
