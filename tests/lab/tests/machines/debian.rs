//! The same on a real Debian with cloud-init.

use vmkit_lab::Image;

use crate::site::Site;

const IDENTITY: &str = "hostname; cat /etc/machine-id; sudo -n whoami";

#[test]
fn a_real_debian_and_its_clone_are_reached_and_shut_down() {
    let Some(site) = Site::new("machine-debian", Image::Debian, "512") else { return };
    site.create("deb");
    site.start_bridged(&["deb"]);
    let before = site.ssh("deb", IDENTITY);
    assert!(before.starts_with("deb\n") && before.ends_with("\nroot"), "{before}");
    site.well(&["stop", "deb"]);
    let console = site.console("deb");
    assert!(console.contains("reboot: Power down"), "{console}");

    // The small guests show that both run at once; here it is cloud-init that does what the seed says.
    site.well(&["clone", "deb", "copy"]);
    site.start_bridged(&["copy"]);
    let copy = site.ssh("copy", IDENTITY);
    assert!(copy.starts_with("copy\n") && copy.ends_with("\nroot"), "{copy}");
    assert_ne!(before.lines().nth(1), copy.lines().nth(1), "the machine-id");
}
