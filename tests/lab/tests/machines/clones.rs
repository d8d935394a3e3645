//! A clone beside its source.

use std::collections::BTreeSet;

use vmkit_lab::Image;

use crate::site::Site;

/// What tells two machines apart, by SSH.
const IDENTITY: &str = "hostname; cat /etc/machine-id";

#[test]
fn a_clone_runs_beside_its_source_with_an_identity_of_its_own() {
    let Some(mut site) = Site::new("machine-clone", Image::Small, "256") else { return };
    site.create("web");
    site.start_bridged(&["web"]);
    let before = site.ssh("web", IDENTITY);
    let refused = site.vm(&["clone", "web", "api"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
    assert!(!site.folder("api").exists());
    site.well(&["stop", "web"]);
    site.well(&["clone", "web", "api"]);

    site.start_bridged(&["web", "api"]);
    assert_eq!(site.ssh("web", IDENTITY), before);
    let [web, api] = ["web", "api"].map(|name| site.ssh(name, IDENTITY));
    assert_eq!(web, before);
    assert!(api.starts_with("api\n"), "{api}");
    assert_ne!(web.lines().nth(1), api.lines().nth(1), "the machine-id");
    assert_ne!(site.address("web"), site.address("api"));
    let macs = ["web", "api"].map(|name| site.mac(name));
    assert_ne!(macs[0], macs[1]);
    // The router tells them apart as well.
    let leases = std::fs::read_to_string(site.lab.folder().join("router/dnsmasq.leases"));
    let leases = leases.expect("leases");
    let clients: BTreeSet<_> =
        leases.lines().filter_map(|line| line.split_whitespace().nth(4)).collect();
    assert_eq!(clients.len(), 2, "{leases}");
    for (name, mac) in ["web", "api"].into_iter().zip(macs) {
        let lease = site.lab.router().lease(mac).expect("the leases");
        assert_eq!(lease, Some(site.address(name)), "{leases}");
    }
    let keys = std::fs::read_to_string(site.login.known_hosts()).expect("host keys");
    let keys: BTreeSet<_> = keys.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(keys.len(), 2, "a clone has host keys of its own");
}
