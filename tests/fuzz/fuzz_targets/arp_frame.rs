//! A frame received by an ARP socket.

#![cfg_attr(fuzzing, no_main)]

use vmkit_proxy::arp::Link;
use vmkit_types::Mac;

fn read(bytes: &[u8]) {
    let mac = Mac::new([0x52, 0x54, 0, 0, 0, 9]);
    let address = [192, 168, 1, 50].into();
    let link = Link { interface: "br0".to_owned(), mac, address, length: 24 };
    vmkit_proxy::arp::parse_for_test(bytes, &link);
}

vmkit_fuzz::target!();
