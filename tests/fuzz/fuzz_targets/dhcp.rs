//! Captures of DHCP exchanges, as a signal reads them.

#![cfg_attr(fuzzing, no_main)]

use signal_dhcp::Dhcp;
use vmkit_fuzz::{artefact, discover};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new().with_artefact_file("dhcp/guest-web.pcap", &file);
    discover::<Dhcp>(&host);
}

vmkit_fuzz::target!();
