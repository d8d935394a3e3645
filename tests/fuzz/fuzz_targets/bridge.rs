//! What bridges know, in the formats of both systems.

#![cfg_attr(fuzzing, no_main)]

use signal_bridge::Bridge;
use vmkit_fuzz::{artefact, discover};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    for name in ["bridge/ifconfig.txt", "bridge/fdb.json"] {
        discover::<Bridge>(&FakeHost::new().with_artefact_file(name, &file));
    }
}

vmkit_fuzz::target!();
