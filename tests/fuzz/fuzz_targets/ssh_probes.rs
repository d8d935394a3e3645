//! Recorded connections to SSH servers.

#![cfg_attr(fuzzing, no_main)]

use signal_ssh::Ssh;
use vmkit_fuzz::{artefact, confirm};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new().with_artefact_file("probes.json", &file);
    confirm::<Ssh>(host);
}

vmkit_fuzz::target!();
