//! Recorded DNS queries and answers.

#![cfg_attr(fuzzing, no_main)]

use signal_dns::Dns;
use vmkit_fuzz::{artefact, discover};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new().with_artefact_file("dns.json", &file);
    discover::<Dns>(&host);
}

vmkit_fuzz::target!();
