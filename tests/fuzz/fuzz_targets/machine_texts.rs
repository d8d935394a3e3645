//! The texts of vm-toolkit beside its registry: `user-data` and `~/.vm-toolkit-config`.

#![cfg_attr(fuzzing, no_main)]

use vmkit_inventory::parsers;

fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    parsers::user_data(&text);
    parsers::configuration(&text);
}

vmkit_fuzz::target!();
