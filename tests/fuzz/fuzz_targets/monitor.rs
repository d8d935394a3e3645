//! The output of QEMU's monitor, in large and small pieces.

#![cfg_attr(fuzzing, no_main)]

use vmkit_inventory::parsers;

fn read(bytes: &[u8]) {
    parsers::monitor(bytes, 4096);
    parsers::monitor(bytes, 7);
}

vmkit_fuzz::target!();
