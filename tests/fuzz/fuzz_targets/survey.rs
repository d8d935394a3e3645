//! The output of the system's tools about bridges, firewalls and listeners.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_survey::{bridges, firewall, hosts, listeners};

fn read(bytes: &[u8]) {
    _ = black_box((bridges(bytes), firewall(bytes), hosts(bytes), listeners(bytes)));
}

vmkit_fuzz::target!();
