//! The neighbour table, in the formats of all tools.

#![cfg_attr(fuzzing, no_main)]

use signal_arp::Arp;
use vmkit_fuzz::{artefact, discover};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new()
        .with_artefact_file("neigh/ip-neigh.json", &file)
        .with_artefact_file("neigh/ip-neigh.txt", &file)
        .with_artefact_file("neigh/proc-net-arp.txt", &file)
        .with_artefact_file("neigh/arp-an.txt", &file)
        .with_artefact_file("neigh/arp-anl.txt", &file)
        .with_artefact_file("neigh/netstat-rn.txt", &file);
    discover::<Arp>(&host);
}

vmkit_fuzz::target!();
