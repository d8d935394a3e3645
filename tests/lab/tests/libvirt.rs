//! Machines of a real libvirt: found with their addresses, and the faults of its networks.
#![cfg(target_os = "linux")]

use std::{fs, net::Ipv4Addr};

use serde_json::{Value, json};
use vmkit_lab::{Domain, Lab, Libvirt, or_skip};
use vmkit_types::Mac;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 122, 50);
const MAC: Mac = Mac::new([0x52, 0x54, 0x00, 0x4b, 0x5e, 0x57]);
const ON_DEFAULT: &str = "network='default'";

/// A domain `web` in which Linux boots.
fn web(source: &str) -> Domain<'_> {
    Domain { name: "web", mac: MAC, source, boots: true }
}

/// A lab with a running libvirt.
fn lab(test: &str) -> Option<(Lab, Libvirt)> {
    let mut lab = or_skip(Lab::new(test))?;
    let libvirt = or_skip(lab.start_libvirt())?;
    Some((lab, libvirt))
}

/// Runs `vm` and reads its JSON.
fn vm(lab: &Lab, arguments: &[&str]) -> (Option<i32>, Value) {
    let finished = lab.vm(arguments).expect("an answer");
    let report = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"));
    (finished.status.code(), report)
}

/// The machine of this name in `vm status`.
fn status(lab: &Lab, name: &str) -> Value {
    let (_, report) = vm(lab, &["status", "--json"]);
    let machines = report["vms"].as_array().into_iter().flatten();
    let found = machines.into_iter().find(|machine| machine["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// The signals that speak for the picked address.
fn signals(machine: &Value) -> Vec<&str> {
    let candidates = machine["candidates"].as_array().into_iter().flatten();
    let mut candidates = candidates.filter(|candidate| candidate["ip"] == machine["ip"]);
    let evidence = candidates.next().and_then(|candidate| candidate["evidence"].as_array());
    evidence.into_iter().flatten().filter_map(|item| item["signal"].as_str()).collect()
}

/// The likeliest cause for the machine, with its first remedy's command.
fn diagnosis(lab: &Lab, name: &str) -> (Value, Value) {
    let (status, report) = vm(lab, &["doctor", name, "--json", "--passive"]);
    let machines = report["vms"].as_array().into_iter().flatten();
    let found = machines.into_iter().find(|machine| machine["name"] == name);
    let causes = &found.unwrap_or_else(|| panic!("no {name} in {report:#}"))["causes"];
    assert_eq!(status, Some(1), "{report:#}");
    (causes[0]["code"].clone(), causes[0]["remedies"][0]["command"].clone())
}

#[test]
fn finds_a_domain_by_lease_arp_and_console_and_knows_its_states() {
    let Some((lab, libvirt)) = lab("libvirt") else { return };
    let host = lab.host();
    libvirt.define(host, &web(ON_DEFAULT)).expect("a domain");
    let machine = status(&lab, "web");
    assert_eq!(machine["state"], "stopped", "{machine:#}");
    libvirt.run(host, &["start", "web"]).expect("a start");
    libvirt.wait_for_lease("web", ADDRESS).expect("a lease");
    lab.greet(ADDRESS).expect("an answer");
    let machine = status(&lab, "web");
    let said = json!([machine["state"], machine["ip"], machine["verdict"], machine["manager"]]);
    let expected = json!(["running", ADDRESS.to_string(), "resolved", "libvirt"]);
    assert_eq!(said, expected, "{machine:#}");
    assert_eq!(machine["mac"], MAC.to_string(), "{machine:#}");
    let signals = signals(&machine);
    for signal in ["leases", "arp", "console", "ssh"] {
        assert!(signals.contains(&signal), "{signal} is not among {signals:?}: {machine:#}");
    }
    libvirt.run(host, &["suspend", "web"]).expect("a pause");
    assert_eq!(status(&lab, "web")["state"], "paused");
    libvirt.run(host, &["resume", "web"]).expect("a resumption");
    assert_eq!(status(&lab, "web")["state"], "running");
    libvirt.run(host, &["destroy", "web"]).expect("an end");
    assert_eq!(status(&lab, "web")["state"], "stopped");
}

#[test]
fn names_the_network_that_was_stopped_under_a_running_domain() {
    let Some((lab, libvirt)) = lab("libvirt-network") else { return };
    let host = lab.host();
    libvirt.define(host, &web(ON_DEFAULT)).expect("a domain");
    libvirt.run(host, &["start", "web"]).expect("a start");
    libvirt.run(host, &["net-destroy", "default"]).expect("an end of the network");
    libvirt.wait_for_console("web", "web login:").expect("a boot");
    let start = json!(["virsh", "--connect", "qemu:///system", "net-start", "default"]);
    assert_eq!(diagnosis(&lab, "web"), (json!("virtual-network-not-started"), start));
}

#[test]
fn names_the_network_that_keeps_a_domain_from_starting() {
    let Some((lab, libvirt)) = lab("libvirt-inactive") else { return };
    let host = lab.host();
    libvirt.run(host, &["net-destroy", "default"]).expect("an end of the network");
    libvirt.define(host, &web(ON_DEFAULT)).expect("a domain");
    let refused = libvirt.virsh(host, &["start", "web"]).expect("an answer");
    assert!(refused.stderr.contains("network 'default' is not active"), "{refused:#?}");
    let start = json!(["virsh", "--connect", "qemu:///system", "net-start", "default"]);
    assert_eq!(diagnosis(&lab, "web"), (json!("virtual-network-not-started"), start));
}

#[test]
fn names_a_bridge_that_leads_nowhere() {
    let Some((lab, libvirt)) = lab("libvirt-bridge") else { return };
    let host = lab.host();
    host.ip("link add br9 type bridge").expect("a bridge");
    host.ip("link set br9 up").expect("a bridge");
    libvirt.define(host, &web("bridge='br9'")).expect("a domain");
    libvirt.run(host, &["start", "web"]).expect("a start");
    libvirt.wait_for_console("web", "web login:").expect("a boot");
    assert_eq!(diagnosis(&lab, "web").0, "host-bridge-without-uplink");
}

#[test]
fn names_two_domains_with_one_mac() {
    let Some((lab, libvirt)) = lab("libvirt-mac") else { return };
    let host = lab.host();
    for domain in [web(ON_DEFAULT), Domain { name: "copy", boots: false, ..web(ON_DEFAULT) }] {
        libvirt.define(host, &domain).expect("a domain");
        // libvirt refuses a second domain with the MAC only while it chooses MACs itself.
        libvirt.run(host, &["start", domain.name]).expect("a start");
    }
    libvirt.wait_for_lease("web", ADDRESS).expect("a lease");
    for name in ["web", "copy"] {
        assert_eq!(diagnosis(&lab, name).0, "vm-duplicate-mac", "{name}");
    }
}

#[test]
fn lists_a_domain_without_the_right_to_read_its_files() {
    let Some((lab, libvirt)) = lab("libvirt-user") else { return };
    let host = lab.host();
    libvirt.define(host, &Domain { boots: false, ..web(ON_DEFAULT) }).expect("a domain");
    libvirt.run(host, &["start", "web"]).expect("a start");
    let home = lab.folder().join("home");
    fs::create_dir_all(&home).expect("a home");
    let mut command = host.command("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.arg(lab.vm_path()).args(["status", "--json", "--fast"]).env("HOME", &home);
    let finished = vmkit_lab::finish(&mut command).expect("an answer");
    let report: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    let machine = &report["vms"][0];
    let said = json!([machine["name"], machine["manager"], machine["state"], machine["mac"]]);
    assert_eq!(said, json!(["web", "libvirt", "initializing", MAC.to_string()]), "{report:#}");
}
