//! The documents of a snapshot.

#![cfg_attr(fuzzing, no_main)]

use std::fs;

fn read(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for name in ["snapshot.json", "qmp.json"] {
        fs::write(directory.path().join(name), bytes).expect("room for a temporary file");
    }
    _ = std::hint::black_box(vmkit_snapshot::open(directory.path()));
}

vmkit_fuzz::target!();
