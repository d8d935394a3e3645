//! One machine from its creation to its end.

use std::{fs, process::Command, thread};

use vmkit_lab::{Image, run};

use crate::site::{Site, WAIT, until};

#[test]
fn a_machine_on_the_routers_network_is_reached_and_leaves_nothing() {
    let Some(site) = Site::new("machine-life", Image::Small, "256") else { return };
    site.create("web");
    assert_eq!(site.status("web")["state"], "stopped");

    site.start_bridged(&["web"]);
    assert!(site.address("web").to_string().starts_with("192.168.77."), "{}", site.address("web"));
    assert_eq!(site.ssh("web", "hostname; whoami"), "web\nlab");
    site.well(&["pause", "web"]);
    assert_eq!(site.status("web")["state"], "paused");
    site.well(&["resume", "web"]);
    assert_eq!(site.status("web")["state"], "running");

    site.well(&["stop", "web"]);
    assert!(site.console("web").contains("init: power button"), "{}", site.console("web"));
    assert_eq!(site.status("web")["state"], "stopped");
    site.wait_for_no_network();

    // The network is remembered, and the machine is the same one: its host key is known.
    let known = fs::read_to_string(site.login.known_hosts()).expect("a host key");
    site.well(&["start", "web", "--yes", "--wait", WAIT]);
    assert_eq!(site.ssh("web", "hostname"), "web");
    assert_eq!(fs::read_to_string(site.login.known_hosts()).expect("a host key"), known);

    let refused = site.vm(&["destroy", "web", "--yes"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
    site.well(&["destroy", "web", "--force", "--yes"]);
    assert!(!site.folder("web").exists());
    let registry = fs::read_to_string(site.lab.data_dir().join(".vm-registry.json"));
    assert!(!registry.expect("a registry").contains("\"web\""));
    site.wait_for_no_network();
}

#[test]
fn of_three_starts_at_once_one_starts_the_machine() {
    let Some(site) = Site::new("machine-starts", Image::Small, "256") else { return };
    site.create("web");
    let options = ["start", "web", "--net", "bridged", "--bridge", "br0", "--yes", "--no-wait"];
    let finished: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..3).map(|_| scope.spawn(|| site.vm(&options))).collect();
        starts.into_iter().map(|start| start.join().expect("an end")).collect()
    });
    let (started, refused): (Vec<_>, Vec<_>) =
        finished.iter().partition(|each| each.status.success());
    assert_eq!(started.len(), 1, "{finished:#?}");
    for each in refused {
        assert!(each.stderr.contains("web"), "{each:#?}");
    }
    assert_eq!(site.ports().len(), 1, "{:?}", site.ports());
    site.well(&["stop", "web", "--force"]);
    site.wait_for_no_network();
}

#[test]
fn a_killed_qemu_leaves_nothing_in_the_way_of_the_next() {
    let Some(site) = Site::new("machine-crash", Image::Small, "256") else { return };
    site.create("web");
    let options = ["--net", "bridged", "--bridge", "br0", "--yes", "--no-wait"];
    site.well(&[&["start", "web"], &options[..]].concat());
    let pid = site.process("web").to_string();
    run(Command::new("kill").args(["-9", &pid])).expect("a kill");
    // One that has ended and that nobody has waited for has no words either.
    let words = || std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    until("the end of QEMU", || words().is_empty());

    assert_eq!(site.status("web")["state"], "stopped");
    site.wait_for_no_network();
    site.start_bridged(&["web"]);
    assert_eq!(site.ssh("web", "hostname"), "web");
}
