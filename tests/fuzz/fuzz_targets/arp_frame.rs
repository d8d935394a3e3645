//! A frame received by an ARP socket.

#![cfg_attr(fuzzing, no_main)]

fn read(bytes: &[u8]) {
    let link = "br0 52:54:00:00:00:09 192.168.1.50/24".parse().expect("a link");
    signal_arp_probe::parse_for_test(bytes, &link);
}

vmkit_fuzz::target!();
