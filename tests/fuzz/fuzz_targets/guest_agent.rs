//! The reply of a guest's agent.

#![cfg_attr(fuzzing, no_main)]

use signal_guest_agent::GuestAgent;
use vmkit_fuzz::{artefact, discover};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new().with_artefact_file("agent/web.json", &file);
    discover::<GuestAgent>(&host);
}

vmkit_fuzz::target!();
