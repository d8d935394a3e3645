//! Faults that no cause covers.

use crate::row::{Act::On, CANNOT_TELL, Row, WIRED, Where};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "small-requests-alone-are-answered",
        breaks: &[On(
            Where::Router,
            "nft \"table netdev g { chain i { type filter hook ingress device \\\"rt0\\\" priority 0; ether saddr $VM_MAC udp dport 67 @th,64,8 1 counter drop; }; }\"",
        )],
        exit: CANNOT_TELL,
        may: &["router-blocks-vm-mac", "wifi-foreign-mac-dropped"],
        ..WIRED
    },
    Row {
        name: "guest-receives-nothing-but-dhcp",
        breaks: &[On(
            Where::Guest,
            "nft \"table netdev g { chain i { type filter hook ingress device \\\"eth0\\\" priority 0; udp sport != 67 counter drop; ether type arp counter drop; }; }\"",
        )],
        exit: CANNOT_TELL,
        may: &["arp-filtered"],
        ..WIRED
    },
];
