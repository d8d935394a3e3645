//! Asking by ARP on a real link: who has an address, two who have it, and nobody.
#![cfg(target_os = "linux")]

use std::{net::Ipv4Addr, path::Path, process::Command};

use serde_json::Value;
use vmkit_lab::{Finished, Guest, GuestKind, GuestPlan, Lab, Namespace, Stage, finish, or_skip};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);

/// The MAC of the host that takes the guest's address.
const TWIN: &str = "3c:00:00:00:00:09";

/// A lab with a guest that has [`ADDRESS`] and whose console says so. Somebody has entered another
/// MAC in the host's ARP table, which leaves doubt.
fn lab_in_doubt(test: &str) -> Option<(Lab, Guest)> {
    let plan = GuestPlan::new("web", GuestKind::Namespace).without_ssh();
    let mut lab = or_skip(Lab::new(test))?;
    let guest = lab.start_at(&plan, ADDRESS).expect("a guest with a lease");
    let entry = format!("{ADDRESS} lladdr 3c:00:00:00:00:07 dev br0 nud permanent");
    lab.host().ip(&format!("neigh replace {entry}")).expect("an entry");
    Some((lab, guest))
}

/// Another host that has [`ADDRESS`] as well.
fn twin(lab: &Lab) -> Namespace {
    let twin = lab.join("twin", "twin0").expect("another host");
    twin.ip(&format!("link set eth0 address {TWIN}")).expect("its MAC");
    twin.ip(&format!("address add {ADDRESS}/24 dev eth0")).expect("its address");
    twin
}

/// The candidate of this machine that is [`ADDRESS`].
fn candidate(machine: &Value) -> &Value {
    let candidates = machine["candidates"].as_array().into_iter().flatten();
    let found = candidates.into_iter().find(|candidate| candidate["ip"] == ADDRESS.to_string());
    found.unwrap_or_else(|| panic!("{ADDRESS} is no candidate: {machine:#}"))
}

/// What the probe said of the candidate, without what differs between runs.
fn probed(candidate: &Value) -> Vec<&str> {
    let evidence = candidate["evidence"].as_array().into_iter().flatten();
    let of_probe = evidence.filter(|item| item["signal"] == "arp-probe");
    of_probe.filter_map(|item| item["says"].as_str()).collect()
}

fn report(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"))
}

/// How the probe fared: its status and its message.
fn outcome(report: &Value) -> (&str, &str) {
    let plugins = report["plugins"].as_array().into_iter().flatten();
    let own = plugins.into_iter().find(|plugin| plugin["id"] == "arp-probe");
    let own = own.unwrap_or_else(|| panic!("no arp-probe: {report:#}"));
    (own["status"].as_str().unwrap_or(""), own["message"].as_str().unwrap_or(""))
}

/// `vm status --json` in the lab's host, without the right to raw sockets.
fn status_without_right(lab: &Lab) -> Finished {
    let vm = Stage::find().expect("a staged vm").vm();
    let mut command: Command = lab.host().command("setpriv");
    command.args(["--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]).arg(vm);
    command
        .args(["--manager", "vm-toolkit", "--data-dir"])
        .arg(lab.data_dir())
        .args(["status", "--json"]);
    for variable in ["VM_PROJECT_DIR", "VM_BASE_DIR", "SUDO_USER", "SUDO_UID", "SUDO_GID"] {
        command.env_remove(variable);
    }
    command.env("XDG_STATE_HOME", lab.data_dir().join("state"));
    finish(command.env("HOME", lab.data_dir())).expect("a status")
}

#[test]
fn an_arp_probe_finds_the_holder() {
    let Some((lab, _guest)) = lab_in_doubt("arp-holder") else { return };
    let report = report(&lab.vm(&["status", "--json"]).expect("a status"));
    assert_eq!(outcome(&report), ("ok", ""), "{report:#}");
    let machine = &report["vms"][0];
    assert_eq!(machine["verdict"], "resolved", "{machine:#}");
    let expected = ["answers ARP with the VM's MAC on br0"];
    assert_eq!(probed(candidate(machine)), expected, "{machine:#}");
}

#[test]
fn an_arp_probe_reports_and_records_two_holders() {
    let Some((lab, guest)) = lab_in_doubt("arp-twin") else { return };
    let _twin = twin(&lab);
    let directory = lab.data_dir().join("snapshot");
    let directory = directory.to_str().expect("a plain path");
    let saved = lab.vm(&["snapshot", "save", directory]).expect("a snapshot");
    assert!(saved.status.success(), "{saved:#?}");

    let text = std::fs::read_to_string(Path::new(directory).join("probes.json")).expect("probes");
    let probes: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let arp: Vec<_> = probes.iter().filter(|probe| probe["kind"] == "arp").collect();
    let [probe] = arp[..] else { panic!("not one probe by ARP: {text}") };
    let mut repliers: Vec<_> =
        probe["repliers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    repliers.sort_unstable();
    let own = guest.mac().to_string();
    assert_eq!((repliers, probe["outcome"].as_str()), (vec![TWIN, &own], Some("reply")), "{text}");

    // Live and from the snapshot.
    for arguments in [&["status", "--json"][..], &["status", "--json", "--from", directory]] {
        let report = report(&lab.vm(arguments).expect("a status"));
        assert_eq!(outcome(&report), ("ok", ""), "{report:#}");
        let machine = &report["vms"][0];
        assert_eq!(machine["verdict"], "probable", "{machine:#}");
        let candidate = candidate(machine);
        let flags = candidate["flags"].as_array().into_iter().flatten();
        assert!(flags.into_iter().any(|flag| flag == "duplicate-ip"), "{machine:#}");
        let says = probed(candidate);
        assert!(says.contains(&"answers ARP with the VM's MAC on br0"), "{machine:#}");
        let both = format!("2 answer ARP on br0, among them {TWIN}, not a listed VM's MAC");
        assert!(says.contains(&both.as_str()), "{machine:#}");
    }
}

#[test]
fn an_arp_probe_of_a_free_address_is_silent() {
    let Some((lab, guest)) = lab_in_doubt("arp-nobody") else { return };
    let inside = guest.namespace().expect("a namespace");
    inside.ip("address flush dev eth0").expect("no address");
    let report = report(&lab.vm(&["status", "--json"]).expect("a status"));
    let machine = &report["vms"][0];
    let expected = ["nobody answers ARP on br0, asked 3 times"];
    assert_eq!(probed(candidate(machine)), expected, "{machine:#}");
    assert_eq!(outcome(&report), ("ok", ""), "{report:#}");
}

#[test]
fn clear_addresses_are_not_probed() {
    let Some((lab, _guest)) = lab_in_doubt("arp-clear") else { return };
    lab.host().ip(&format!("neigh del {ADDRESS} dev br0")).expect("no such entry");
    lab.greet(ADDRESS).expect("an answer");
    let report = report(&lab.vm(&["status", "--json"]).expect("a status"));
    let expected = ("skipped", "every address was clear without it");
    assert_eq!(outcome(&report), expected, "{report:#}");
}

#[test]
fn without_the_right_the_probe_is_one_skipped_line() {
    let Some((lab, _guest)) = lab_in_doubt("arp-unprivileged") else { return };
    let finished = status_without_right(&lab);
    assert!(finished.status.success(), "{finished:#?}");
    let report = report(&finished);
    let (status, message) = outcome(&report);
    assert_eq!(status, "denied", "{report:#}");
    assert!(
        message.starts_with("asking by ARP on br0 takes root's rights (CAP_NET_RAW)"),
        "{message}"
    );
    let machine = &report["vms"][0];
    assert!(probed(candidate(machine)).is_empty(), "{machine:#}");
}
