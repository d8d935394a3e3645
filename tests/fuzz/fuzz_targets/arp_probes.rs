//! Recorded replies to ARP requests.

#![cfg_attr(fuzzing, no_main)]

use signal_arp_probe::ArpProbe;
use vmkit_fuzz::{artefact, confirm};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new().with_artefact_file("probes.json", &file);
    confirm::<ArpProbe>(host);
}

vmkit_fuzz::target!();
