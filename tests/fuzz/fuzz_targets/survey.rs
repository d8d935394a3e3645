//! The output of the system's tools about bridges, firewalls and listeners.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_survey::{bridges, dhcp_servers, firewall, forwarding, hosts, listeners, own_leases};

fn read(bytes: &[u8]) {
    _ = black_box((
        bridges(bytes),
        dhcp_servers(bytes),
        firewall(bytes, Some(bytes)),
        forwarding(bytes),
        hosts(bytes),
        listeners(bytes),
        own_leases(bytes),
    ));
}

vmkit_fuzz::target!();
