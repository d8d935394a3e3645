//! Faults that no cause covers.

use crate::row::{
    Act::{Filter, Join, On},
    BOOTED, CANNOT_TELL, Row, Then, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "router-drops-the-source",
        breaks: &[Filter(
            Where::Router,
            r#"netdev ingress device "rt0""#,
            "ether saddr $VM_MAC udp dport 67 @th,64,8 1 counter drop",
        )],
        may: &["router-blocks-vm-mac", "wired-foreign-mac-dropped"],
        ..WIRED
    },
    Row {
        name: "guest-receives-nothing-but-dhcp",
        breaks: &[Filter(
            Where::Guest,
            r#"netdev ingress device "eth0""#,
            "udp sport != 67 counter drop; ether type arp counter drop",
        )],
        after: &[BOOTED],
        exit: CANNOT_TELL,
        may: &["arp-filtered"],
        ..WIRED
    },
    Row {
        name: "neighbour-answers-for-all",
        setting: &[Join],
        breaks: &[
            On(
                Where::Other,
                "ip address add 192.168.77.66/24 dev eth0 && sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.conf.eth0.proxy_arp_pvlan=1 net.ipv4.neigh.eth0.proxy_delay=0",
            ),
            On(
                Where::Host,
                "for n in 61 62 63 64; do busybox ping -q -c 1 -W 1 192.168.77.$n; done; true",
            ),
        ],
        then: Then::Reboot,
        // Who else that device answers for is not asked.
        may: &["address-conflict", "proxy-arp"],
        options: &["--yes", "--wait", "8"],
        ..WIRED
    },
    Row {
        name: "guest-does-not-use-its-lease",
        breaks: &[On(Where::Host, "echo '#!/bin/sh' > udhcpc-script")],
        after: &[BOOTED],
        may: &["arp-filtered"],
        exit: CANNOT_TELL,
        ..WIRED
    },
];
