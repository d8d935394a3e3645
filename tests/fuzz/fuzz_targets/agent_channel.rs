//! What a guest's agent sends on its channel.

#![cfg_attr(fuzzing, no_main)]

fn read(bytes: &[u8]) {
    vmkit_proxy::agent::parse_for_test(bytes);
}

vmkit_fuzz::target!();
