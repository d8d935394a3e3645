//! What a guest answers from inside, and what its firewall does to a connection.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_survey::{Ends, Packet, Way};
use vmkit_types::Reading;

fn read(bytes: &[u8]) {
    let inside = black_box(vmkit_inside::read(bytes));
    if let Reading::Known(inside) = inside
        && let Reading::Known(rules) = inside.firewall
    {
        let packet = Packet::connection(Ends::default(), 22);
        _ = black_box(rules.passage(&packet, &Way::arriving("eth0")));
    }
}

vmkit_fuzz::target!();
