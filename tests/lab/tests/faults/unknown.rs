//! Faults that no cause covers.

use crate::row::{Act::Filter, CANNOT_TELL, Row, WIRED, Where};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "small-requests-alone-are-answered",
        breaks: &[Filter(
            Where::Router,
            r#"netdev ingress device "rt0""#,
            "ether saddr $VM_MAC udp dport 67 @th,64,8 1 counter drop",
        )],
        exit: CANNOT_TELL,
        may: &["router-blocks-vm-mac", "wifi-foreign-mac-dropped"],
        ..WIRED
    },
    Row {
        name: "guest-receives-nothing-but-dhcp",
        breaks: &[Filter(
            Where::Guest,
            r#"netdev ingress device "eth0""#,
            "udp sport != 67 counter drop; ether type arp counter drop",
        )],
        exit: CANNOT_TELL,
        may: &["arp-filtered"],
        ..WIRED
    },
];
