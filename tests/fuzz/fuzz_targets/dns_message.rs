//! A packet of a DNS server or an mDNS peer.

#![cfg_attr(fuzzing, no_main)]

use signal_dns::parse_for_test as read;

vmkit_fuzz::target!();
