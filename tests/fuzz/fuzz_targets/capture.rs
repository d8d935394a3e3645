//! A packet capture, as a diagnosis reads it.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_dhcp::Traffic;

fn read(bytes: &[u8]) {
    let (traffic, end) = Traffic::read(bytes);
    _ = black_box((traffic.messages().count(), end));
}

vmkit_fuzz::target!();
