//! Recorded ICMP echoes.

#![cfg_attr(fuzzing, no_main)]

use signal_icmp::Icmp;
use vmkit_fuzz::{artefact, confirm};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new().with_artefact_file("probes.json", &file);
    confirm::<Icmp>(host);
}

vmkit_fuzz::target!();
