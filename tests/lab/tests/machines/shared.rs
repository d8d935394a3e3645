//! A machine on the network of this computer's own.

use std::fs;

use vmkit_lab::Image;

use crate::site::{Site, WAIT};

#[test]
fn a_machine_on_the_shared_network_is_reached_and_reaches_the_router() {
    let Some(mut site) = Site::new("machine-shared", Image::Small, "256") else { return };
    // A computer has one such network, which another run may use.
    site.lab.enclose().expect("an enclosure");
    site.create("web");
    site.well(&["start", "web", "--net", "shared", "--wait", WAIT]);
    let address = site.address("web").to_string();
    assert!(address.starts_with("192.168.105."), "{address}");
    // The router is reached through this computer, which translates.
    assert_eq!(site.ssh("web", "nc -w 9 192.168.77.1 53 </dev/null && hostname"), "web");
    let known = fs::read_to_string(site.login.known_hosts()).expect("a host key");

    // The choice is remembered.
    site.well(&["restart", "web", "--wait", WAIT]);
    assert_eq!(site.address("web").to_string(), address);
    site.well(&["stop", "web"]);
    site.wait_for_no_network();

    // It is the same machine on the other network.
    site.start_bridged(&["web"]);
    assert!(site.address("web").to_string().starts_with("192.168.77."));
    assert_eq!(site.ssh("web", "hostname"), "web");
    assert_eq!(fs::read_to_string(site.login.known_hosts()).expect("a host key"), known);

    // No guest boots within a second.
    site.well(&["stop", "web"]);
    let kept = site.lab.folder().join("kept");
    let path = kept.to_str().expect("a plain path");
    let early = site.vm(&["start", "web", "--wait", "1", "--save-on-failure", path]);
    assert_eq!(early.status.code(), Some(1), "{early:#?}");
    let last = early.stderr.lines().last().unwrap_or_default();
    assert!(last.contains(&format!("saved in {path}")), "{early:#?}");
    site.well(&["snapshot", "show", path]);
}
