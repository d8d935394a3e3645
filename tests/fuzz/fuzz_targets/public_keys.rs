//! Public keys for a guest, in a file or in the user-data of the machine that is cloned.

#![cfg_attr(fuzzing, no_main)]

use vmkit_machines::parsers;

fn read(bytes: &[u8]) {
    parsers::keys(&String::from_utf8_lossy(bytes));
}

vmkit_fuzz::target!();
