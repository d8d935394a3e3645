//! Files of keys: the user's `known_hosts` and vmkit's own.

#![cfg_attr(fuzzing, no_main)]

use vmkit_state::HostKeys;

fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    std::hint::black_box(vmkit_ssh::find(&text, "web"));
    if let Ok(keys) = HostKeys::parse(bytes) {
        std::hint::black_box(keys.to_text());
    }
}

vmkit_fuzz::target!();
