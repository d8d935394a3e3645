//! A machine on a macvtap, which passes nothing between it and this computer.

use serde_json::Value;
use vmkit_lab::Image;

use crate::site::{Site, WAIT};

#[test]
fn the_doctor_says_why_this_computer_cannot_reach_a_machine_on_its_adapter() {
    let Some(site) = Site::new("machine-apart", Image::Small, "256") else { return };
    let host = site.lab.host();
    for change in [
        "link set en0 nomaster",
        "address del 192.168.77.10/24 dev br0",
        "address add 192.168.77.10/24 dev en0",
        "route replace default via 192.168.77.1 dev en0",
    ] {
        host.ip(change).expect("an adapter in no bridge");
    }
    site.create("web");
    let options = ["--net", "bridged", "--bridge", "en0", "--yes", "--wait", WAIT];
    site.well(&[&["start", "web"], &options[..]].concat());
    let finished = site.vm(&["doctor", "web", "--json", "--yes"]);
    let report: Value = serde_json::from_str(&finished.stdout).expect("a report");
    let first = &report["vms"][0]["causes"][0];
    assert_eq!(first["code"], "host-macvtap-isolated", "{report:#}");
    assert!(first["probability"].as_f64().is_some_and(|it| it >= 0.5), "{first:#}");
    assert_eq!(finished.status.code(), Some(1), "{finished:#?}");
}
